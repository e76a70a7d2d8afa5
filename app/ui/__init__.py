"""The face of the house: page frames, form rendering, filters, assets. Knows no business."""
