"""Notices come, go, and make room for the next."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from pytestqt.qtbot import QtBot

from bsgui.ui.panels.notices import Notice, NoticeStack


@pytest.fixture
def stack(qtbot: QtBot) -> NoticeStack:
    """An empty stack."""
    shown = NoticeStack()
    qtbot.addWidget(shown)
    return shown


def texts(stack: NoticeStack) -> list[str]:
    return [notice.text for notice in stack.notices]


def delete(notice: Notice) -> None:
    """What the event loop does a moment after a notice was dismissed."""
    QCoreApplication.sendPostedEvents(notice, QEvent.Type.DeferredDelete)


def test_a_notice_can_follow_one_that_was_dismissed_and_deleted(stack: NoticeStack) -> None:
    first = stack.info("first")
    first.dismiss()
    delete(first)

    stack.error("second")

    assert texts(stack) == ["second"]


def test_the_same_sentence_is_shown_once(stack: NoticeStack) -> None:
    stack.info("locked")
    stack.error("broken")
    stack.info("locked")

    assert texts(stack) == ["locked", "broken"]


def test_dismissing_twice_and_clearing_are_harmless(stack: NoticeStack) -> None:
    notice = stack.warning("once")
    notice.dismiss()
    notice.dismiss()
    stack.info("other")
    stack.clear()

    assert texts(stack) == []
