"""What happened lately, in words for people."""

from fastapi import APIRouter

router = APIRouter(prefix="/activity", tags=["activity"])
