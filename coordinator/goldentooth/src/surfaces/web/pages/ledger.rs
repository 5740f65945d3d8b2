//! `/minds`: what language models cost, by day, and who can be asked.

use super::local;
use super::shell::{Shell, wrap};
use crate::surfaces::view::{LedgerDayView, LedgerView, MindsView, ProviderView, PurseView};
use crate::surfaces::web::Web;
use crate::surfaces::web::api::Failure;
use crate::thinking::ThinkingError;
use axum::extract::State;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use maud::{Markup, html};
use std::collections::BTreeMap;

/// How many days the chart has, today among them.
const DAYS: u32 = 30;
/// How many of the last calls are shown.
const CALLS: u32 = 20;
/// The chart's box, and how wide a day is in it.
const HEIGHT: f64 = 120.0;
const DAY: f64 = 10.0;
/// As many providers have a colour of their own; the rest share the last.
const COLOURS: usize = 4;

pub(in crate::surfaces::web) async fn ledger(State(web): State<Web>) -> Result<Markup, Failure> {
    let thinking = &web.0.options.thinking;
    let shell = Shell { page: "minds", title: "Minds", stream: "", scripts: &["time"] };
    let told = match (thinking.minds(), thinking.ledger(CALLS, DAYS).await) {
        (Ok(minds), Ok(ledger)) => page(&minds, &ledger, Timestamp::now()),
        (Err(ThinkingError::Away(away)), _) => {
            html! { section.panel { h1 { "No minds" } p { (away.to_string()) "." } } }
        }
        (Err(error), _) | (_, Err(error)) => return Err(error.into()),
    };
    Ok(wrap(&shell, &told))
}

fn page(minds: &MindsView, ledger: &LedgerView, now: Timestamp) -> Markup {
    html! {
        h1 { "Minds" }
        section.panel aria-labelledby="spent" {
            div.heading { h2 #spent { "What was spent" } p.hint { "tokens in and out, by day of UTC, the last " (DAYS) " days" } }
            (chart(ledger, now.to_zoned(TimeZone::UTC).date()))
            (purse(&minds.budget))
        }
        section.panel aria-labelledby="asked" {
            div.heading { h2 #asked { "Who can be asked" } p.hint { "in this order; behind them all the understudy, who asks nobody" } }
            @if minds.providers.is_empty() {
                p { "No language model is configured: write " code { "[minds.providers.NAME]" } " in the configuration. Until then the understudy speaks." }
            }
            dl.facts { @for one in &minds.providers { (provider(one, &minds.currency)) } }
        }
        section.panel aria-labelledby="calls" {
            div.heading { h2 #calls { "The last calls" } p.hint { "all of them: " a href="/api/v1/minds/ledger?limit=1000&days=366" { "the ledger as JSON" } } }
            @if ledger.calls.is_empty() { p.hint { "None yet." } }
            ol.events {
                @for call in &ledger.calls {
                    li {
                        (local(call.at))
                        span.kind { (call.task) ", " (call.provider) }
                        p.what { (call.input) " in, " (call.output) " out, " (call.outcome) ": " @if call.words.is_empty() { (call.why) } @else { (call.words) } }
                    }
                }
            }
        }
    }
}

fn provider(one: &ProviderView, currency: &str) -> Markup {
    html! {
        div {
            dt { (one.name) ", " (one.model) }
            dd { (one.health.replace('_', "-")) ", " (one.calls) " calls, " (one.input) " tokens in, " (one.output) " out, " (format!("{:.4}", one.money)) " " (currency) }
        }
    }
}

fn purse(budget: &PurseView) -> Markup {
    html! {
        p {
            label for="today" { "Today " (budget.day) " of " (budget.day_limit) " tokens, this hour " (budget.hour) " of " (budget.hour_limit) ": beyond them the understudy speaks." }
            " "
            progress #today value=(budget.day.min(budget.day_limit)) max=(budget.day_limit.max(1)) {}
        }
        @if budget.fiction_limit > 0 { p { "Tales today: " (budget.fiction) " of " (budget.fiction_limit) " tokens of their own." } }
    }
}

/// A piece of a day's bar.
#[derive(Clone, Debug, PartialEq)]
struct Piece {
    /// How many days before today.
    ago: i32,
    provider: usize,
    tokens: u64,
    /// What lies below it.
    below: u64,
}

/// The pieces of every day's bar, those of whoever took most at the bottom; the
/// providers in that order; and the most that a day took.
fn pieces(days: &[LedgerDayView], today: Date) -> (Vec<Piece>, Vec<String>, u64) {
    let mut totals: BTreeMap<&str, u64> = BTreeMap::new();
    for day in days {
        *totals.entry(day.provider.as_str()).or_default() += day.input + day.output;
    }
    let mut providers: Vec<(&str, u64)> = totals.into_iter().filter(|(_, tokens)| *tokens > 0).collect();
    providers.sort_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(other.0)));
    let providers: Vec<String> = providers.into_iter().map(|(name, _)| name.to_owned()).collect();
    let mut by_day: BTreeMap<i32, Vec<(usize, u64)>> = BTreeMap::new();
    for day in days {
        let date = day.day.map(|day| day.to_zoned(TimeZone::UTC).date());
        let ago = date.and_then(|date| today.since(date).ok()).map(|span| span.get_days());
        let place = providers.iter().position(|name| *name == day.provider);
        if let (Some(ago), Some(place)) = (ago.filter(|ago| (0..DAYS.cast_signed()).contains(ago)), place) {
            by_day.entry(ago).or_default().push((place, day.input + day.output));
        }
    }
    let mut pieces = Vec::new();
    let mut most = 0;
    for (ago, mut of_day) in by_day {
        of_day.sort_unstable();
        let mut below = 0;
        for (provider, tokens) in of_day {
            pieces.push(Piece { ago, provider, tokens, below });
            below += tokens;
        }
        most = most.max(below);
    }
    (pieces, providers, most)
}

fn chart(ledger: &LedgerView, today: Date) -> Markup {
    let (pieces, providers, most) = pieces(&ledger.days, today);
    if pieces.is_empty() {
        return html! { p { "Nothing in the last " (DAYS) " days: no model was asked." } };
    }
    let width = f64::from(DAYS) * DAY;
    let height = |tokens: u64| tokens as f64 / most.max(1) as f64 * HEIGHT;
    let first = today.saturating_sub((i64::from(DAYS) - 1).days());
    let colour = |provider: usize| provider.min(COLOURS - 1) + 1;
    html! {
        figure.ledger {
            svg viewBox={ "0 0 " (width) " " (HEIGHT) } preserveAspectRatio="none" role="img" aria-label={ "Tokens by day; the most were " (most) " in one day" } {
                @for piece in &pieces {
                    rect class={ "c" (colour(piece.provider)) }
                        x=(format!("{:.1}", width - f64::from(piece.ago + 1) * DAY + 1.0)) width=(DAY - 2.0)
                        y=(format!("{:.2}", HEIGHT - height(piece.below + piece.tokens))) height=(format!("{:.2}", height(piece.tokens))) {}
                }
            }
            figcaption {
                p.span { span { (first.strftime("%b %-d").to_string()) } span { "at most " (most) " in a day" } span { "today" } }
                ul.legend { @for (place, name) in providers.iter().enumerate() { li class={ "c" (colour(place)) } { (name) } } }
            }
        }
        details {
            summary { "The same in figures" }
            table {
                caption { "Tokens by day and provider" }
                thead { tr { th scope="col" { "Day" } th scope="col" { "Who" } th scope="col" { "Calls" } th scope="col" { "In" } th scope="col" { "Out" } th scope="col" { (ledger.currency) } } }
                tbody {
                    @for day in ledger.days.iter().rev() {
                        tr {
                            th scope="row" { (day.day.map_or(String::new(), |day| day.strftime("%F").to_string())) }
                            td { (day.provider) } td { (day.calls) } td { (day.input) } td { (day.output) } td { (format!("{:.4}", day.money)) }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(date: &str, provider: &str, input: u64, output: u64) -> LedgerDayView {
        let day = format!("{date}T00:00:00Z").parse().ok();
        let (provider, money) = (provider.to_owned(), 0.0125);
        LedgerDayView { day, provider, calls: 3, answered: 2, input, output, cached: 0, money }
    }

    fn ledger(days: Vec<LedgerDayView>) -> LedgerView {
        LedgerView { currency: "USD".to_owned(), tokenizer: "t".to_owned(), days, calls: Vec::new() }
    }

    fn today() -> Date {
        "2026-03-02".parse().unwrap()
    }

    #[test]
    fn bars_stack_and_lie_on_their_days() {
        let days = [
            day("2026-02-27", "claude", 100, 50),
            day("2026-03-02", "claude", 10, 0),
            day("2026-03-02", "home", 900, 100),
            day("2026-03-02", "understudy", 0, 0),
            day("2025-12-31", "home", 9_000, 0),
        ];
        let (pieces, providers, most) = pieces(&days, today());
        assert_eq!(providers, ["home", "claude"], "whoever took most first, and nobody who took nothing");
        assert_eq!(most, 1_010);
        let piece = |ago, provider, tokens, below| Piece { ago, provider, tokens, below };
        // February has 28 days: three days ago.
        assert_eq!(pieces, [piece(0, 0, 1_000, 0), piece(0, 1, 10, 1_000), piece(3, 1, 150, 0)]);
    }

    #[test]
    fn a_chart_is_told_in_figures_too_and_nothing_is_said_so() {
        let shown = chart(&ledger(vec![day("2026-03-01", "<home>", 900, 100)]), today()).into_string();
        assert!(shown.contains("x=\"281.0\"") && shown.contains("height=\"120.00\""), "{shown}");
        assert!(
            shown.contains("2026-03-01") && shown.contains("&lt;home&gt;") && shown.contains("Feb 1"),
            "{shown}"
        );
        let none = chart(&ledger(vec![day("2026-03-01", "understudy", 0, 0)]), today()).into_string();
        assert!(none.contains("no model was asked") && !none.contains("svg"), "{none}");
    }
}
