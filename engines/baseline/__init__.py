"""The direct synthesis that the student is compared with: the picture from structure alone, no colours of views."""
