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

/// Tells the stage what this machine can spare, by its load and by what the models' limits leave.
pub(super) async fn spare(requests: mpsc::Sender<Request>, router: Router) {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    loop {
        // In 65,536ths, of the last minute.
        let load = rustix::system::sysinfo().loads[0] as f32 / 65_536.0;
        let budget =
            cast::life::compute_budget(load / cores as f32, router.state().calls_left().max(UNDERSTUDY));
        if requests.send(Request::Budget(budget)).await.is_err() {
            return;
        }
        tokio::time::sleep(SPARE).await;
    }
}
