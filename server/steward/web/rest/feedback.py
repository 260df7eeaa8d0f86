"""What people thought of an answer, a suggestion or a run."""

from fastapi import APIRouter

router = APIRouter(prefix="/feedback", tags=["feedback"])
