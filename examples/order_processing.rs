//! A shop: an order takes money and stock together, or neither.

use std::collections::BTreeMap;
use std::time::UNIX_EPOCH;

use fakeredis::Connection;
use fakeredis::FakeRedis;
use fakeredis::Transactions;
use redis::Commands;
use redis::RedisResult;
use serde_json::Value as Json;
use serde_json::json;

const BALANCE: &str = "user:123:balance";

/// What is ordered of one product.
struct Line {
    product: &'static str,
    quantity: i64,
    price: f64,
    remaining: i64,
}

impl Line {
    fn total(&self) -> f64 {
        self.price * self.quantity as f64
    }

    fn json(&self) -> Json {
        json!({
            "product_id": self.product,
            "quantity": self.quantity,
            "price": self.price,
            "total": self.total(),
            "remaining_stock": self.remaining,
        })
    }
}

/// Orders products, each with its quantity; whether all was well.
fn process_order(
    fake: &FakeRedis,
    con: &mut Connection,
    items: &[(&'static str, i64)],
) -> RedisResult<bool> {
    let mut watched = vec![BALANCE.to_owned()];
    watched.extend(items.iter().map(|(product, _)| key(product)));
    // However this function is left, the dropped pipeline unwatches.
    let mut pipe = con.pipeline(true);
    pipe.watch(&watched)?;

    let mut lines = Vec::new();
    for &(product, quantity) in items {
        let fields: BTreeMap<String, f64> = pipe.hgetall(key(product))?;
        let (Some(&price), Some(&stock)) = (fields.get("price"), fields.get("stock")) else {
            println!("Product {product} not found");
            return Ok(false);
        };
        let remaining = stock as i64 - quantity;
        if remaining < 0 {
            println!("Insufficient stock for {product}: need {quantity}, have {stock}");
            return Ok(false);
        }
        lines.push(Line {
            product,
            quantity,
            price,
            remaining,
        });
    }
    let total: f64 = lines.iter().map(Line::total).sum();
    let balance: f64 = pipe.get(BALANCE)?;
    if balance < total {
        println!("Insufficient balance: need ${total:.2}, have ${balance:.2}");
        return Ok(false);
    }

    pipe.multi()?;
    let new_balance = format!("{:.2}", balance - total);
    let _: () = pipe.set(BALANCE, &new_balance)?;
    for line in &lines {
        let _: () = pipe.hset(key(line.product), "stock", line.remaining)?;
    }
    let ms = milliseconds(fake);
    let order = json!({
        "user_id": "123",
        "items": lines.iter().map(Line::json).collect::<Vec<_>>(),
        "total_cost": total,
        "timestamp": ms / 1000,
    });
    let _: () = pipe.set(format!("order:order_{ms}"), order.to_string())?;
    if pipe.execute(true)?.is_none() {
        println!("❌ Transaction aborted - data was modified during processing");
        return Ok(false);
    }
    println!("✅ Order order_{ms} processed successfully!");
    println!("   Total: ${total:.2}");
    println!("   New balance: ${new_balance}");
    Ok(true)
}

fn key(product: &str) -> String {
    format!("product:{product}")
}

fn milliseconds(fake: &FakeRedis) -> u64 {
    let since = fake.clock().now().duration_since(UNIX_EPOCH);
    since.expect("it is after 1970").as_millis() as u64
}

fn main() -> RedisResult<()> {
    let fake = FakeRedis::new();
    let mut con = fake.connection();
    for (product, price, stock) in [
        ("product_1", 29.99, 10),
        ("product_2", 49.99, 5),
        ("product_3", 19.99, 0),
    ] {
        let _: () = con.hset(key(product), "price", price)?;
        let _: () = con.hset(key(product), "stock", stock)?;
    }
    let _: () = con.set(BALANCE, "150.00")?;

    println!("=== Order Processing Test ===");
    println!("\n1. Processing valid order...");
    let success = process_order(&fake, &mut con, &[("product_1", 2), ("product_2", 1)])?;
    let outcome = if success { "Success" } else { "Failed" };
    println!("Order 1 result: {outcome}");
    println!("Remaining balance: ${}", con.get::<_, String>(BALANCE)?);
    for number in 1..=2 {
        let stock: i64 = con.hget(key(&format!("product_{number}")), "stock")?;
        println!("Product {number} stock: {stock}");
    }

    println!("\n2. Processing order that exceeds balance...");
    process_order(&fake, &mut con, &[("product_2", 3)])?;

    println!("\n3. Processing order with insufficient stock...");
    process_order(&fake, &mut con, &[("product_3", 1)])?;
    Ok(())
}
