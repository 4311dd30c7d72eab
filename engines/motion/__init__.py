"""Motion clips from anywhere (BVH, VMD, VRMA, our own controls files) as controls over time."""
