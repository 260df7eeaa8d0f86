"""All pages, in one router."""

from fastapi import APIRouter, Depends

from steward.web.pages import (
    extensions,
    figures,
    money,
    overview,
    people,
    signing,
    static_files,
    trail,
    work,
)
from steward.web.pages.shown import templates_ready
from steward.web.pages.waiting import count_waiting

_FIRST = (Depends(templates_ready), Depends(count_waiting))
"""What is done before any page is made."""
router = APIRouter()
router.include_router(static_files.router)
for each in (overview, money, people, trail, work, extensions, figures, signing):
    router.include_router(each.router, dependencies=_FIRST)
