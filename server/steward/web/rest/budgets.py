"""What may be spent, what was, and what it will come to."""

from fastapi import APIRouter

router = APIRouter(prefix="/budgets", tags=["budgets"])
