//! What this machine and the models' limits can spare for the cast.

use minds::Router;
use stage::Request;
use std::time::Duration;
use tokio::sync::mpsc;

/// How often the load of this machine is looked at.
const SPARE: Duration = Duration::from_secs(10);

/// In thousandths: however little the models' limits leave, the understudy asks nobody. It
/// slows the cast down, and overwhelms nobody.
const UNDERSTUDY: u16 = 250;

/// The load of this machine per core, over the last minute.
pub(crate) fn load() -> f32 {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    // In 65,536ths.
    rustix::system::sysinfo().loads[0] as f32 / 65_536.0 / cores as f32
}

/// Tells the stage what can be spared, by the load per core and by what the models' limits leave.
pub(super) async fn spare(requests: mpsc::Sender<Request>, router: Router, load: fn() -> f32) {
    loop {
        let budget = cast::life::compute_budget(load(), router.state().calls_left().max(UNDERSTUDY));
        if requests.send(Request::Budget(budget)).await.is_err() {
            return;
        }
        tokio::time::sleep(SPARE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minds::{Past, Task};

    const NOW: i64 = 1_800_000_000_000;

    /// What the stage is told of a machine under this load, with so much of a day's tokens spent.
    async fn told(load: fn() -> f32, spent: u32) -> u16 {
        let settings = "[budget]\nhour = 1000\nday = 1000\n[providers.home]\nkind = \"openai\"\nmodel = \"tiny\"\n\
                        base_url = \"http://127.0.0.1:1/v1\"\n";
        let settings = toml::from_str(settings).unwrap();
        let router = Router::new(settings, std::collections::BTreeMap::new(), mpsc::channel(1).0, || NOW);
        router.remember(&Past {
            at: NOW,
            task: Task::Chat,
            by: &[],
            provider: "home",
            answered: true,
            input: spent,
            output: 0,
            estimate: spent,
        });
        let (requests, mut asked) = mpsc::channel(1);
        let sparing = tokio::spawn(spare(requests, router, load));
        let told = asked.recv().await;
        sparing.abort();
        let Some(Request::Budget(budget)) = told else { panic!("no budget is told") };
        budget
    }

    #[tokio::test]
    async fn load_and_spent_tokens_leave_less_and_tokens_alone_never_nothing() {
        assert_eq!(told(|| 0.2, 0).await, 1_000);
        assert_eq!(told(|| 0.2, 600).await, 400);
        assert_eq!(told(|| 0.2, 1_000).await, UNDERSTUDY);
        assert_eq!(told(|| 4.5, 0).await, 0);
    }
}
