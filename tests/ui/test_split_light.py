from __future__ import annotations

from dataclasses import replace

from pytestqt.qtbot import QtBot

from bsgui.core.requests import DecomposeSettings
from bsgui.ui.framing.state import FrameState
from bsgui.ui.panels.decompose_panel import DecomposePanel
from tests.fixtures import make_card


def test_the_light_can_be_split_where_a_model_has_one(qtbot: QtBot) -> None:
    plain, lit = make_card("plain"), make_card("lit")
    lit = replace(lit, branches=(replace(lit.branches[0], role="light"), *lit.branches[1:]))
    panel = DecomposePanel([plain, lit], FrameState())
    qtbot.addWidget(panel)
    panel.show()
    for card, has_light in ((plain, False), (lit, True)):
        panel.show_model(card.id)
        assert panel.splits_light.isVisible() is has_light
    assert not panel.settings.splits_light
    panel.splits_light.click()
    assert panel.settings.splits_light
    panel.show_settings(DecomposeSettings("lit", size=lit.size))
    assert not panel.settings.splits_light
