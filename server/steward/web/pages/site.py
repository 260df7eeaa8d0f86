"""All pages, in one router."""

from fastapi import APIRouter

from steward.web.pages import (
    extensions,
    figures,
    health,
    money,
    overview,
    people,
    signing,
    trail,
    work,
)

router = APIRouter()
for each in (overview, money, people, trail, work, extensions, figures, health, signing):
    router.include_router(each.router)
