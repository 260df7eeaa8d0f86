"""Pages of outcomes, performance, feedback and health."""

from fastapi import APIRouter

router = APIRouter()
