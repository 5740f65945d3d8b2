//! The router: who is asked, what is tried again, and what it leaves behind.

use super::*;
use crate::{Coming, Health, Nobody, Outcome, Past, Receipt, Router, Verdict};
use tokio::sync::mpsc;

const T: i64 = 1_763_694_300_000;

fn router(
    server: &Server,
    providers: &[(&str, &str, &str)],
    more: &str,
) -> (Router, mpsc::Receiver<Receipt>) {
    let settings = settings(server, providers, more);
    let access = settings.access(|_| Some(KEY.to_owned())).unwrap();
    let (sender, receipts) = mpsc::channel(64);
    (Router::hasty(settings, access, sender, || T), receipts)
}

fn taken(receipts: &mut mpsc::Receiver<Receipt>) -> Vec<(String, Outcome)> {
    std::iter::from_fn(|| receipts.try_recv().ok()).map(|one| (one.provider, one.outcome)).collect()
}

fn of(all: &[(&str, Outcome)]) -> Vec<(String, Outcome)> {
    all.iter().map(|(name, outcome)| ((*name).to_owned(), *outcome)).collect()
}

#[tokio::test]
async fn an_answer_says_who_gave_it_and_leaves_a_receipt() {
    let server = Server::start().await;
    let (router, mut receipts) = router(&server, &[("claude", "anthropic", "well")], "");
    let given = router.ask(&request("hi")).await.unwrap();
    assert_eq!(
        (given.by.as_str(), given.model.as_str(), given.answer.text.as_str()),
        ("claude", "tiny", "Evening.")
    );
    let receipt = receipts.try_recv().unwrap();
    assert_eq!((receipt.input, receipt.output, receipt.cached), (47, 7, 30));
    assert_eq!(receipt.money, 17 * 2 + 30 / 2 + 7 * 10);
    assert_eq!(
        (receipt.estimate, receipt.at, receipt.outcome),
        (request("hi").estimate(), T, Outcome::Answered)
    );
    assert_eq!((receipt.by.as_slice(), receipt.why.as_str()), (&["malvo".to_owned()][..], "a test"));
    assert_eq!(router.state().spent.day, 54);
}

#[tokio::test]
async fn what_may_be_tried_again_is_and_nothing_else() {
    let server = Server::start().await;
    let (one, mut receipts) = router(&server, &[("a", "openai", "recovers")], "");
    assert_eq!(one.ask(&request("hi")).await.unwrap().by, "a");
    assert_eq!(
        taken(&mut receipts),
        of(&[("a", Outcome::Failed), ("a", Outcome::Failed), ("a", Outcome::Answered)])
    );
    for (way, outcome, calls) in [
        ("400", Outcome::Refused, 1),
        ("529", Outcome::Failed, 3),
        ("429", Outcome::Limited, 3),
        ("429-long", Outcome::Limited, 1),
        ("cut", Outcome::Cut, 1),
    ] {
        let before = server.calls();
        let (router, mut receipts) = router(&server, &[("a", "anthropic", way)], "");
        let nobody = router.ask(&request("hi")).await.unwrap_err();
        assert!(matches!(&nobody, Nobody::Failed(faults) if faults.len() == 1), "{nobody}");
        let receipts = taken(&mut receipts);
        assert_eq!((server.calls() - before, receipts.len()), (calls, calls + 1), "{way}");
        assert!(receipts[..calls].iter().all(|one| *one == ("a".to_owned(), outcome)), "{receipts:?}");
        assert_eq!(receipts[calls], ("understudy".to_owned(), Outcome::Understudy));
    }
}

#[tokio::test]
async fn the_next_in_the_list_answers_and_the_failing_one_rests() {
    let server = Server::start().await;
    let (router, mut receipts) = router(
        &server,
        &[("good", "openai", "well"), ("ill", "anthropic", "500")],
        "order = [\"ill\", \"good\"]",
    );
    assert_eq!(router.ask(&request("hi")).await.unwrap().by, "good");
    let health = |router: &Router| {
        router.state().providers.iter().map(|one| (one.name.clone(), one.health)).collect::<Vec<_>>()
    };
    assert_eq!(health(&router), [("ill".to_owned(), Health::Open), ("good".to_owned(), Health::Closed)]);
    let before = server.calls();
    assert_eq!(router.ask(&request("hi")).await.unwrap().by, "good");
    assert_eq!(server.calls() - before, 1, "an open breaker costs no call");
    assert_eq!(taken(&mut receipts).len(), 5);
    let state = router.state();
    assert_eq!(state.providers[0].outcomes[&Outcome::Failed], 3);
    assert!(state.providers[0].last_fault.as_ref().unwrap().1.contains("Internal server error"));
}

#[tokio::test]
async fn order_goes_by_price_task_and_liking() {
    let server = Server::start().await;
    let providers = [("dear", "openai", "well"), ("own", "openai", "well")];
    let mut settings =
        settings(&server, &providers, "characters.malvo = \"dear\"\ntasks.review = [\"dear\"]");
    settings.providers.get_mut("own").unwrap().price = crate::Price::default();
    let access = settings.access(|_| Some(KEY.to_owned())).unwrap();
    let router = Router::hasty(settings, access, mpsc::channel(64).0, || T);
    let asked = async |task, by: &[&str]| {
        let by = by.iter().map(|by| (*by).to_owned()).collect();
        router.ask(&Request { task, by, ..request("hi") }).await.unwrap().by
    };
    assert_eq!(asked(Task::Chat, &[]).await, "own", "the cheapest");
    assert_eq!(asked(Task::Chat, &["malvo"]).await, "dear", "whom it likes");
    assert_eq!(asked(Task::Pulse, &["malvo", "caudex"]).await, "own", "a call for many is nobody's own");
    assert_eq!(asked(Task::Review, &[]).await, "dear", "whom the task names");
}

#[tokio::test]
async fn a_spent_budget_makes_no_call() {
    let server = Server::start().await;
    let more = "[budget]\ncall = 1000\nday = 170";
    let (router, mut receipts) = router(&server, &[("a", "openai", "well")], more);
    assert_eq!(router.state().calls_left(), 1_000);
    router.ask(&request("hi")).await.unwrap();
    assert_eq!(router.state().calls_left(), 682, "of 170 there are 116 left: the day's share is the scarcer");
    let before = server.calls();
    let nobody = router.ask(&Request { most: 150, ..request("hi") }).await.unwrap_err();
    assert_eq!(nobody, Nobody::Budget(Verdict::Day));
    assert_eq!(server.calls(), before);
    assert_eq!(taken(&mut receipts), of(&[("a", Outcome::Answered), ("understudy", Outcome::Budget)]));
    router.remember(&past(1_000, 1_000));
    assert!(router.ask(&request("hi")).await.is_err(), "what the ledger remembers counts");
    assert_eq!(router.state().calls_left(), 0);
}

#[tokio::test]
async fn who_counts_more_than_we_guess_does_not_overspend_a_day() {
    let server = Server::start().await;
    let guess = request("hi").estimate();
    assert!(guess * 4 < 47, "the provider counts 47: {guess}");
    // After the first call there is room for our guess, and not for four times as much.
    let more = format!("[budget]\nday = {}", 54 + 2 * guess + 100);
    let (router, _receipts) = router(&server, &[("a", "openai", "well")], &more);
    router.ask(&request("hi")).await.unwrap();
    assert_eq!(router.ask(&request("hi")).await.unwrap_err(), Nobody::Budget(Verdict::Day));
}

#[tokio::test]
async fn the_first_call_after_a_start_does_not_overspend_a_day_either() {
    let server = Server::start().await;
    let guess = request("hi").estimate();
    // Room for our guess alone: nothing was counted yet, so it is not trusted.
    let more = format!("[budget]\nday = {}", 100 + guess + 1);
    let (new, _receipts) = router(&server, &[("a", "openai", "well")], &more);
    assert_eq!(new.ask(&request("hi")).await.unwrap_err(), Nobody::Budget(Verdict::Day));
    // What the ledger has tells how the provider counts, here four times our guess.
    let more = format!("[budget]\nday = {}", 1_000 + 100 + 3 * guess);
    let providers = [("a", "openai", "well")];
    let (old, _receipts) = router(&server, &providers, &more);
    old.remember(&past(1_000, 250));
    assert_eq!(old.ask(&request("hi")).await.unwrap_err(), Nobody::Budget(Verdict::Day));
    let (fair, _receipts) = router(&server, &providers, &more);
    fair.remember(&past(1_000, 1_000));
    fair.ask(&request("hi")).await.unwrap();
    let (closed, _receipts) = router(&server, &providers, "");
    closed.close();
    assert_eq!(closed.ask(&request("hi")).await.unwrap_err(), Nobody::Budget(Verdict::Day));
    assert_eq!(server.calls(), 1);
}

/// A call of today's that took so many tokens in, and was guessed at so many.
fn past(input: u32, estimate: u32) -> Past<'static> {
    Past { at: T, task: Task::Chat, by: &[], provider: "a", answered: true, input, output: 0, estimate }
}

#[tokio::test]
async fn an_answer_of_another_shape_is_none_and_is_paid_for() {
    let server = Server::start().await;
    let more = "order = [\"a\", \"b\"]";
    let (router, mut receipts) = router(&server, &[("a", "openai", "chatty"), ("b", "openai", "well")], more);
    assert_eq!(router.ask(&shaped("hi")).await.unwrap().by, "b", "the next one answers");
    let receipt = receipts.try_recv().unwrap();
    assert_eq!((receipt.outcome, receipt.input, receipt.output), (Outcome::Unreadable, 47, 7));
    assert!(receipt.words.contains("not the shape that was asked for") && receipt.money > 0, "{receipt:?}");
    assert_eq!(router.state().spent.day, 2 * 54, "both are in the budget");
}

#[tokio::test]
async fn whoever_goes_away_leaves_a_receipt_too() {
    let server = Server::start().await;
    let (router, mut receipts) = router(&server, &[("a", "openai", "hung")], "");
    let gone = tokio::time::timeout(Duration::from_millis(100), router.ask(&request("hi"))).await;
    assert!(gone.is_err());
    assert_eq!(taken(&mut receipts), of(&[("a", Outcome::Cancelled)]));
    assert_eq!(router.state().spent.day, 0, "what was set aside is given back");
}

#[tokio::test]
async fn once_words_were_told_nobody_else_is_asked() {
    let server = Server::start().await;
    let (router, _receipts) =
        router(&server, &[("a", "openai", "short"), ("b", "openai", "well")], "order = [\"a\", \"b\"]");
    let mut told = String::new();
    let mut shown = |coming: Coming<'_>| {
        if let Coming::Words(words) = coming {
            told.push_str(words);
        }
        !told.is_empty()
    };
    let nobody = router.stream(&request("hi"), &mut shown).await.unwrap_err();
    assert!(matches!(nobody, Nobody::Failed(_)));
    assert_eq!(told, "Evening.");
    // What nobody was shown is void when another begins.
    let mut told = Vec::new();
    let mut unseen = |coming: Coming<'_>| {
        match coming {
            Coming::Begins(by) => told.push((by.to_owned(), String::new())),
            Coming::Words(words) => told.last_mut().unwrap().1.push_str(words),
        }
        false
    };
    assert_eq!(router.stream(&request("hi"), &mut unseen).await.unwrap().by, "b");
    let (_, last) = told.pop().unwrap();
    assert!(
        last == "Evening." && told.iter().all(|(by, words)| by == "a" && words == "Evening."),
        "{told:?}"
    );
}

#[tokio::test]
async fn without_a_provider_it_says_so() {
    let server = Server::start().await;
    let (router, mut receipts) = router(&server, &[], "");
    assert!(!router.has_any());
    assert_eq!(router.state().calls_left(), 1_000, "nobody is asked, and nobody limits");
    assert_eq!(router.ask(&request("hi")).await.unwrap_err(), Nobody::Unconfigured);
    assert_eq!(router.embed("x", &["a".to_owned()]).await.unwrap_err(), Nobody::Unconfigured);
    assert_eq!(taken(&mut receipts).len(), 2);
}

#[tokio::test]
async fn vectors_are_asked_of_whoever_makes_them() {
    let server = Server::start().await;
    let mut settings = settings(
        &server,
        &[("none", "openai", "well"), ("some", "openai", "well")],
        "order = [\"none\", \"some\"]",
    );
    settings.providers.get_mut("none").unwrap().embedding_model = None;
    let access = settings.access(|_| Some(KEY.to_owned())).unwrap();
    let (sender, mut receipts) = mpsc::channel(64);
    let router = Router::hasty(settings, access, sender, || T);
    let (vectors, by) = router.embed("an index", &["a".to_owned()]).await.unwrap();
    assert_eq!((vectors.len(), by.as_str()), (1, "some"));
    let receipt = receipts.try_recv().unwrap();
    assert_eq!((receipt.task, receipt.input, receipt.output), (Task::Embedding, 9, 0));
}
