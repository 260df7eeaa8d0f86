"""Pages of runs, questions and agents."""

from fastapi import APIRouter

from steward.web.pages import approving, designing, running

router = APIRouter()
for each in (running, approving, designing):
    router.include_router(each.router)
