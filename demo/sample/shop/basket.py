"""What a customer is about to buy."""

from dataclasses import dataclass, field

from shop.delivery import delivery_pence


@dataclass(frozen=True)
class Line:
    """So many of one thing."""

    name: str
    price_pence: int
    quantity: int = 1

    def cost_pence(self) -> int:
        """What the line costs."""
        return self.price_pence * self.quantity


@dataclass
class Basket:
    """Lines, in the order in which they were put in."""

    lines: list[Line] = field(default_factory=list)

    def add(self, line: Line) -> None:
        """Put something in."""
        self.lines.append(line)

    def goods_pence(self) -> int:
        """What the goods cost, without delivery."""
        return sum(line.cost_pence() for line in self.lines)

    def total_pence(self) -> int:
        """What the customer pays."""
        goods = self.goods_pence()
        return goods + delivery_pence(goods)
