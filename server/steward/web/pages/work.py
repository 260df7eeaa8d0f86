"""Pages of runs, questions and agents."""

from fastapi import APIRouter

router = APIRouter()
