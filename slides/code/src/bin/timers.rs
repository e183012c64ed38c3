//! Three meals in a kitchen, and a thread for each: it takes its meal along, sleeps while that cooks, and hands back a dish.
//!
//! Try it: `cargo run --package slides --bin timers`
//!
//! Man pages: pthread_create(3), pthread_join(3).

use std::thread;
use std::time::Duration;

/// How long a minute takes in this kitchen.
const MINUTE: Duration = Duration::from_millis(5);

/// What somebody has ordered.
struct Meal {
    name: &'static str,
    minutes: u32,
}

fn main() {
    let meals = [
        Meal {
            name: "potatoes",
            minutes: 20,
        },
        Meal {
            name: "noodles",
            minutes: 9,
        },
        Meal {
            name: "tea",
            minutes: 4,
        },
    ];
    let mut jobs = Vec::new();
    // region kitchen
    for meal in meals {
        let job = move || meal.cook();
        jobs.push(thread::spawn(job));
    }
    for job in jobs {
        serve(job.join());
    }
    // endregion
}

impl Meal {
    /// What a thread does with its meal, from its first line to its last.
    fn cook(&self) -> String {
        thread::sleep(MINUTE * self.minutes);
        format!("{} after {} minutes", self.name, self.minutes)
    }
}

/// Serves what a thread has handed back, unless it panicked.
fn serve(dish: thread::Result<String>) {
    match dish {
        Ok(dish) => println!("{dish}"),
        Err(_panic) => println!("a pot has boiled over"),
    }
}
