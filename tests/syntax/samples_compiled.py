"""A piece of code in each compiled language with symbols, and what is in it."""

from tests.syntax.sample import Sample

SAMPLES = {
    "go": Sample(
        """package shop

import (
	"fmt"
	str "strings"
)

const Limit, Other = 10, 11

var open bool

type Shop struct {
	Name string
}

type Pricer interface {
	Price(name string) int
}

func (s *Shop[T]) Price(name string) int {
	return 1
}

func New[T any](name string) (*Shop, error) { return nil, nil }
""",
        """
        constant .Limit 7-7 | Limit, Other = 10, 11
        constant .Other 7-7 | Limit, Other = 10, 11
        variable .open 9-9 | open bool
        struct .Shop 11-13 | Shop struct
        field Shop.Name 12-12 | Name string
        interface .Pricer 15-17 | Pricer interface { Price(name string) int }
        method Pricer.Price 16-16 | Price(name string) int
        method Shop.Price 19-21 | func (s *Shop[T]) Price(name string) int
        function .New 23-23 | func New[T any](name string) (*Shop, error)
        """,
        """
        fmt: , , 0
        strings: , str, 0
        """,
    ),
    "rust": Sample(
        """use crate::near::{self, one as uno, deep::*};
use std::fmt::Display;
use super::far as away;

pub struct Shop<T> {
    open: T,
}

impl<T: Display> Shop<T> {
    pub fn price<'a>(&'a self) -> &'a str {
        "free"
    }
}

trait Sell {
    fn sell(&self);
}

mod inner {
    const LIMIT: u8 = 10;
}

macro_rules! shout { () => {}; }
""",
        """
        struct .Shop 4-6 | pub struct Shop<T>
        field Shop.open 5-5 | open: T
        method Shop.price 9-11 | pub fn price<'a>(&'a self) -> &'a str
        interface .Sell 14-16 | trait Sell
        method Sell.sell 15-15 | fn sell(&self)
        module .inner 18-20 | mod inner
        constant inner.LIMIT 19-19 | const LIMIT: u8 = 10
        macro .shout 22-22 | macro_rules! shout { () => {}; }
        """,
        """
        crate::near: self one *, , 0
        std::fmt: Display, , 0
        super: far, away, 0
        """,
    ),
    "java": Sample(
        """package shop;

import java.util.List;
import static java.lang.Math.max;
import java.io.*;

public class Shop<T> extends Base {
    private int open = 1;

    Shop(int open) { this.open = open; }

    public List<T> prices(String name) throws Oops {
        return null;
    }

    interface Sells { void sell(); }

    enum Kind { BIG }

    record Item(String name) {}
}
""",
        """
        class .Shop 6-20 | public class Shop<T> extends Base
        field Shop.open 7-7 | private int open = 1
        method Shop.Shop 9-9 | Shop(int open)
        method Shop.prices 11-13 | public List<T> prices(String name) throws Oops
        interface Shop.Sells 15-15 | interface Sells
        method Sells.sell 15-15 | void sell()
        enum Shop.Kind 17-17 | enum Kind
        class Shop.Item 19-19 | record Item(String name)
        """,
        """
        java.util: List, , 0
        java.lang.Math: max, , 0
        java.io: *, , 0
        """,
    ),
    "c": Sample(
        """#include <stdio.h>
#include "shop.h"
#define LIMIT 10

struct shop { int open; };
typedef struct shop shop_t;
enum kind { BIG };

static int count = 0;

int *prices(struct shop *s);

static char *name_of(
    const struct shop *s) {
    return 0;
}
""",
        """
        macro .LIMIT 2-2 | #define LIMIT 10
        struct .shop 4-4 | struct shop
        field shop.open 4-4 | int open
        type .shop_t 5-5 | typedef struct shop shop_t
        enum .kind 6-6 | enum kind
        variable .count 8-8 | static int count = 0
        function .prices 10-10 | int *prices(struct shop *s)
        function .name_of 12-15 | static char *name_of( const struct shop *s)
        """,
        """
        stdio.h: , , 0
        shop.h: , , 1
        """,
    ),
    "cpp": Sample(
        """#include <vector>

namespace market {
class Shop : public Base {
 public:
  explicit Shop(int open);
  ~Shop() = default;
  int price(const char* name) const { return 1; }
  template <class T> T sell(T what) { return what; }
 private:
  int open_;
};
}

int market::Shop::stock() const { return 0; }
using Names = std::vector<int>;
enum class Kind { Big };
""",
        """
        module .market 2-12 | namespace market
        class market.Shop 3-11 | class Shop : public Base
        method Shop.Shop 5-5 | explicit Shop(int open)
        method Shop.~Shop 6-6 | ~Shop() = default
        method Shop.price 7-7 | int price(const char* name) const
        method Shop.sell 8-8 | T sell(T what)
        field Shop.open_ 10-10 | int open_
        method Shop.stock 14-14 | int market::Shop::stock() const
        type .Names 15-15 | using Names = std::vector<int>
        enum .Kind 16-16 | enum class Kind
        """,
        "vector: , , 0",
    ),
    "csharp": Sample(
        """using System;
using Lists = System.Collections.Generic;

namespace Market.Inner {
    public class Shop : Base {
        public int Price { get; set; }
        private bool open = true;
        public Shop(int price) {}
        async Task<int> Sell(string name) => 1;
    }
    interface ISell { void Sell(); }
    delegate void Closed(int at);
}
""",
        """
        module Market.Inner 3-12 | namespace Market.Inner
        class Inner.Shop 4-9 | public class Shop : Base
        field Shop.Price 5-5 | public int Price
        field Shop.open 6-6 | private bool open = true
        method Shop.Shop 7-7 | public Shop(int price)
        method Shop.Sell 8-8 | async Task<int> Sell(string name)
        interface Inner.ISell 10-10 | interface ISell
        method ISell.Sell 10-10 | void Sell()
        type Inner.Closed 11-11 | delegate void Closed(int at)
        """,
        """
        System: , , 0
        System.Collections.Generic: , Lists, 0
        """,
    ),
}
