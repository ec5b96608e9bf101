//! [`Config`]: the parameters of CONFIG GET and SET, and of `redis.conf`.

/// The parameters.
#[derive(Clone, Debug)]
pub struct Config {
    databases: usize,
    /// The password that AUTH wants, or empty.
    pub requirepass: String,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            databases: 16,
            requirepass: String::new(),
        }
    }
}

impl Config {
    /// The number of databases.
    pub fn databases(&self) -> usize {
        self.databases
    }
}
