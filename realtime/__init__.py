"""The live path: frames in, poses out of them, anime frames back, over WebRTC."""
