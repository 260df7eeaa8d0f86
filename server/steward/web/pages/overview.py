"""The first page: what matters today."""

from fastapi import APIRouter

router = APIRouter()
