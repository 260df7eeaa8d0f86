"""Folders that are worked in, and which of them are trusted."""

from fastapi import APIRouter

router = APIRouter(prefix="/workspaces", tags=["workspaces"])
