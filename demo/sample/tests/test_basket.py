"""A basket adds up, and delivery is added when it should be."""

import unittest

from shop.basket import Basket, Line


def basket_of(*prices_pence: int) -> Basket:
    """A basket with one thing at each price."""
    basket = Basket()
    for number, price in enumerate(prices_pence):
        basket.add(Line(f"thing {number}", price))
    return basket


class BasketTest(unittest.TestCase):
    def test_goods_add_up(self) -> None:
        basket = basket_of(1_250, 399)
        basket.add(Line("tea", 200, quantity=3))
        self.assertEqual(basket.goods_pence(), 2_249)

    def test_an_empty_basket_costs_nothing(self) -> None:
        self.assertEqual(Basket().total_pence(), 0)

    def test_a_small_order_pays_for_delivery(self) -> None:
        self.assertEqual(basket_of(1_000).total_pence(), 1_495)

    def test_a_large_order_travels_free(self) -> None:
        self.assertEqual(basket_of(4_000, 2_000).total_pence(), 6_000)

    def test_delivery_is_free_from_fifty_pounds(self) -> None:
        self.assertEqual(basket_of(3_000, 2_000).total_pence(), 5_000)


if __name__ == "__main__":
    unittest.main()
