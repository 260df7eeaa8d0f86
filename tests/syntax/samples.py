"""A piece of code in each language with symbols, and what is in it."""

from tests.syntax import samples_compiled
from tests.syntax.sample import Sample

SAMPLES = {
    "python": Sample(
        '''from . import near
from ..far.away import (one, two as deux)
import os.path as paths, sys
from all_of import *

LIMIT: int = 10


class Shop(Base, metaclass=Meta):
    """A shop."""

    open = True

    @property
    async def price(
        self, name: str
    ) -> int:
        def inner():
            return name
        return inner()


def total(prices: list[int], *, tax: float = 0.1) -> float:
    return sum(prices) * tax
''',
        """
        variable .LIMIT 5-5 | LIMIT: int = 10
        class .Shop 8-19 | class Shop(Base, metaclass=Meta)
        field Shop.open 11-11 | open = True
        method Shop.price 14-19 | async def price( self, name: str ) -> int
        function price.inner 17-18 | def inner()
        function .total 22-23 | def total(prices: list[int], *, tax: float = 0.1) -> float
        """,
        """
        : near, , 1
        far.away: one two, , 2
        os.path: , paths, 0
        sys: , , 0
        all_of: *, , 0
        """,
    ),
    "javascript": Sample(
        """import start, { b as c, d } from "./near.js";
import * as all from 'all';
import "effects";
export { e } from "elsewhere";
const { f, g: h } = require("../old");
const later = () => import("late");
export const limit = 10;
const add = (a, b) => {
  return a + b;
};
function* count(to = limit) {
  yield to;
}
class Shop extends Base {
  #open = true;
  static price(name) { return this.#open; }
}
module.exports.close = function (now) {};
""",
        """
        function .later 5-5 | later = ()
        variable .limit 6-6 | limit = 10
        function .add 7-9 | add = (a, b)
        function .count 10-12 | function* count(to = limit)
        class .Shop 13-16 | class Shop extends Base
        field Shop.#open 14-14 | #open = true
        method Shop.price 15-15 | static price(name)
        function .close 17-17 | module.exports.close = function (now)
        """,
        """
        ./near.js: start b d, , 0
        all: , all, 0
        effects: , , 0
        elsewhere: e, , 0
        ../old: f g, , 0
        late: , , 0
        """,
    ),
    "typescript": Sample(
        """import type { A } from "a";
import old = require("old");
export interface Shop<T> {
  open: boolean;
  price(name: string): T;
}
type Name = string | { first: string };
export enum Kind { Big, Small }
abstract class Base<T> implements Shop<T> {
  private open = true;
  abstract price(name: string): T;
}
namespace inner {
  export function f(): void {}
}
declare function outer(a: number): void;
""",
        """
        interface .Shop 2-5 | interface Shop<T>
        field Shop.open 3-3 | open: boolean
        method Shop.price 4-4 | price(name: string): T
        type .Name 6-6 | type Name = string | { first: string }
        field Name.first 6-6 | first: string
        enum .Kind 7-7 | enum Kind
        class .Base 8-11 | abstract class Base<T> implements Shop<T>
        field Base.open 9-9 | private open = true
        method Base.price 10-10 | abstract price(name: string): T
        module .inner 12-14 | namespace inner
        function inner.f 13-13 | function f(): void
        function .outer 15-15 | function outer(a: number): void
        """,
        """
        a: A, , 0
        old: , old, 0
        """,
    ),
    "typescriptreact": Sample(
        """import { View } from "./view";
export const Page = ({ title }: Props) => <View>{title}</View>;
""",
        "function .Page 1-1 | Page = ({ title }: Props)",
        "./view: View, , 0",
    ),
    "ruby": Sample(
        """require "json"
require_relative "near/shop"

module Market
  class Shop < Base
    LIMIT = 10

    def price(name, tax: 1)
      name
    end

    def self.open; end
  end
end
""",
        """
        module .Market 3-13 | module Market
        class Market.Shop 4-12 | class Shop < Base
        constant Shop.LIMIT 5-5 | LIMIT = 10
        method Shop.price 7-9 | def price(name, tax: 1)
        method Shop.open 11-11 | def self.open
        """,
        """
        json: , , 0
        near/shop: , , 1
        """,
    ),
    "php": Sample(
        """<?php
namespace Market;

use Other\\Base;
use Other\\Tax as Levy;
use Deep\\{One, Two};

const LIMIT = 10;

abstract class Shop extends Base implements Sells {
    private int $open = 1;
    const KIND = 'big';

    public function price(string $name): int {
        return 1;
    }
}

interface Sells { public function sell(): void; }

function total(array $prices) { return 0; }
""",
        """
        constant .LIMIT 7-7 | const LIMIT = 10
        class .Shop 9-16 | abstract class Shop extends Base implements Sells
        field Shop.open 10-10 | private int $open = 1
        constant Shop.KIND 11-11 | const KIND = 'big'
        method Shop.price 13-15 | public function price(string $name): int
        interface .Sells 18-18 | interface Sells
        method Sells.sell 18-18 | public function sell(): void
        function .total 20-20 | function total(array $prices)
        """,
        """
        Other: Base, , 0
        Other: Tax, Levy, 0
        Deep: One Two, , 0
        """,
    ),
    "lua": Sample(
        """local json = require("cjson.safe")
local Shop = {}

function Shop:price(name)
  return json
end

Shop.open = function(at) return at end

local function total(prices)
  return 0
end
""",
        """
        variable .json 0-0 | local json = require("cjson.safe")
        variable .Shop 1-1 | local Shop = {}
        method Shop.price 3-5 | function Shop:price(name)
        method Shop.open 7-7 | Shop.open = function(at)
        function .total 9-11 | local function total(prices)
        """,
        "cjson.safe: , , 0",
    ),
    "shellscript": Sample(
        """#!/bin/sh
. ./lib.sh
LIMIT=10
export OPEN=1

total() {
  local sum=0
  echo "$sum"
}
""",
        """
        variable .LIMIT 2-2 | LIMIT=10
        variable .OPEN 3-3 | export OPEN=1
        function .total 5-8 | total()
        """,
        "./lib.sh: , , 1",
    ),
    **samples_compiled.SAMPLES,
}
