"""What delivery costs."""

DELIVERY_PENCE = 495
FREE_FROM_PENCE = 5_000


def delivery_pence(goods_pence: int) -> int:
    """What delivery adds: nothing to an empty basket, and nothing from £50 on."""
    if goods_pence == 0:
        return 0
    if goods_pence > FREE_FROM_PENCE:
        return 0
    return DELIVERY_PENCE
