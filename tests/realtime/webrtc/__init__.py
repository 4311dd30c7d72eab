"""Tests of the WebRTC side."""
