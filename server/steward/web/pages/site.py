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

router = APIRouter()
router.include_router(static_files.router)
for each in (overview, money, people, trail, work, extensions, figures, signing):
    router.include_router(each.router, dependencies=[Depends(templates_ready)])
