"""The teacher: a StyleGAN2 that is told the pose by structure maps and draws whole characters; needs torch."""
