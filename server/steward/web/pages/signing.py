"""Signing in and out at a page."""

from fastapi import APIRouter

router = APIRouter()
