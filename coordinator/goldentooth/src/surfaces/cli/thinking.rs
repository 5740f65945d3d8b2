//! `minds`, `minds ledger` and `pulse`: who can be asked, what it cost, and
//! what the cast made of it.

use super::Target;
use super::ask::{CliError, Coordinator};
use super::screen::{Screen, WIDTH, cell, clean, wrapped};
use crate::surfaces::view::{LedgerView, MindsView, PulseView, age};
use clap::{Args, Subcommand};
use jiff::Timestamp;

/// `goldentooth minds`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  goldentooth minds                    every provider, its breaker, and the budget
  goldentooth minds ledger --limit 20  the last calls: who, why, tokens, money
  goldentooth minds --json

Providers stand under [minds] in the configuration; goldentooth.example.toml shows them.")]
pub struct MindsArgs {
    #[command(flatten)]
    target: Target,
    #[command(subcommand)]
    what: Option<Minds>,
}

#[derive(Debug, Subcommand)]
enum Minds {
    /// Every call: who was asked, why, what it took and how it ended
    Ledger {
        /// At most so many calls
        #[arg(long, default_value_t = 50, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(0..=1000))]
        limit: u32,
        /// So many days
        #[arg(long, default_value_t = 30, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=366))]
        days: u32,
        #[command(flatten)]
        target: Target,
    },
}

/// `goldentooth pulse`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  goldentooth pulse              the last pulse
  goldentooth pulse --dry-run    the very prompt that one would send now; nobody is called
  goldentooth pulse --now        one now; needs an operator's token off this machine")]
pub struct PulseArgs {
    /// Make one now
    #[arg(long)]
    now: bool,
    /// Show the prompt that one would send, and call nobody
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    target: Target,
}

pub(super) fn minds(args: &MindsArgs, screen: &mut Screen<'_>) -> Result<(), CliError> {
    match &args.what {
        None => {
            let view: MindsView = Coordinator::new(&args.target)?.get("/api/v1/minds", &[])?;
            if args.target.json {
                return Ok(screen.json(&view, true)?);
            }
            Ok(print_minds(&view, Timestamp::now(), screen)?)
        }
        Some(Minds::Ledger { limit, days, target }) => {
            let whom = if target.url.is_some() { target } else { &args.target };
            let (limit, days) = (limit.to_string(), days.to_string());
            let query = [("limit", limit.as_str()), ("days", days.as_str())];
            let view: LedgerView = Coordinator::new(whom)?.get("/api/v1/minds/ledger", &query)?;
            if target.json || args.target.json {
                return Ok(screen.json(&view, true)?);
            }
            Ok(print_ledger(&view, screen)?)
        }
    }
}

pub(super) fn pulse(args: &PulseArgs, screen: &mut Screen<'_>) -> Result<(), CliError> {
    let coordinator = Coordinator::new(&args.target)?;
    // A dry run is one whatever else is asked for.
    let view: PulseView = match (args.dry_run, args.now) {
        (true, _) => coordinator.get_patiently("/api/v1/pulse/dry")?,
        (false, true) => coordinator.post("/api/v1/pulse")?,
        (false, false) => coordinator.get("/api/v1/pulse", &[])?,
    };
    if args.target.json {
        return Ok(screen.json(&view, true)?);
    }
    Ok(print_pulse(&view, args.dry_run, screen)?)
}

fn print_minds(view: &MindsView, now: Timestamp, screen: &mut Screen<'_>) -> std::io::Result<()> {
    if view.providers.is_empty() {
        screen.line("No language model is configured: the understudy speaks.")?;
        screen.line("Write [minds.providers.NAME] in the configuration to ask one.")?;
    }
    for one in &view.providers {
        let rest = one.rests_for.map_or(String::new(), |rest| format!(" for {rest} s more"));
        screen.line(&format!(
            "{}{} {}, {}{rest}",
            cell(&one.name, 12),
            clean(&one.model),
            clean(&one.url),
            one.health.replace('_', "-")
        ))?;
        let answered = one.outcomes.get("answered").copied().unwrap_or(0);
        let latency = one.latency.map_or(String::new(), |latency| format!(", {latency} ms on average"));
        screen.line(&format!("{}{} calls, {answered} answered{latency}", cell("", 12), one.calls))?;
        screen.line(&format!(
            "{}{} tokens in ({} kept), {} out, {:.4} {}",
            cell("", 12),
            one.input,
            one.cached,
            one.output,
            one.money,
            clean(&view.currency)
        ))?;
        if let Some(fault) = &one.last_fault {
            let ago = fault.at.map_or(String::new(), |at| format!("{} ago: ", age(now, at)));
            for line in wrapped(&format!("{ago}{}", clean(&fault.words)), WIDTH - 12) {
                screen.line(&format!("{}{line}", cell("", 12)))?;
            }
        }
    }
    let budget = &view.budget;
    screen.line(&format!(
        "{}{} of {} tokens this hour, {} of {} today (UTC)",
        cell("Budget", 12),
        budget.hour,
        budget.hour_limit,
        budget.day,
        budget.day_limit
    ))?;
    if budget.fiction_limit > 0 {
        let (spent, most) = (budget.fiction, budget.fiction_limit);
        screen.line(&format!("{}{spent} of {most} tokens for tales today", cell("", 12)))?;
    }
    screen.line(&format!("{}{}", cell("understudy", 12), clean(&view.understudy)))?;
    screen.flush()
}

fn print_ledger(view: &LedgerView, screen: &mut Screen<'_>) -> std::io::Result<()> {
    if view.calls.is_empty() {
        screen.line("Nobody was asked.")?;
    }
    for day in &view.days {
        let when = day.day.map_or(String::new(), |day| day.strftime("%F").to_string());
        screen.line(&format!(
            "{when}  {}{:>5} calls {:>5} answered {:>8} in {:>7} out {:>9.4} {}",
            cell(&day.provider, 12),
            day.calls,
            day.answered,
            day.input,
            day.output,
            day.money,
            clean(&view.currency)
        ))?;
    }
    for call in &view.calls {
        let when = call.at.map_or(String::new(), |at| at.strftime("%F %T").to_string());
        screen.line(&format!(
            "{when}  {}{}{} in (guessed {}), {} out, {} ms, {}",
            cell(&call.provider, 12),
            cell(&call.task, 8),
            call.input,
            call.estimate,
            call.output,
            call.latency,
            clean(&call.outcome)
        ))?;
        let words = if call.words.is_empty() { &call.why } else { &call.words };
        screen.line(&screen.faint(&format!("    {}", clean(words))))?;
    }
    screen.flush()
}

fn print_pulse(view: &PulseView, dry: bool, screen: &mut Screen<'_>) -> std::io::Result<()> {
    if dry && !view.prompt.is_empty() {
        for line in view.prompt.lines() {
            screen.line(&clean(line))?;
        }
        screen.line("")?;
    }
    for line in wrapped(&clean(&view.because), WIDTH) {
        screen.line(&line)?;
    }
    if !view.prompt.is_empty() {
        screen.line(&screen.faint(&format!(
            "{} tokens of context, {} of rules and voices, {} out, {} kept; counted by {}",
            view.context,
            view.prefix,
            view.output,
            view.cached,
            clean(&view.tokenizer)
        )))?;
    }
    for line in &view.lines {
        for (place, text) in wrapped(&clean(&line.text), WIDTH - 14).iter().enumerate() {
            screen.line(&format!("{}{text}", cell(if place == 0 { &line.by } else { "" }, 14)))?;
        }
    }
    for dropped in &view.dropped {
        screen.line(&screen.faint(&format!(
            "refused: {} ({})",
            clean(&dropped.line),
            clean(&dropped.cause)
        )))?;
    }
    if let Some(whim) = &view.bored {
        let (by, title, mind) = (&whim.by, &whim.title, &whim.mind);
        let who =
            format!("{by} is bored (activity {:.2}): a tale, “{title}”, told by {mind}.", view.activity);
        for line in wrapped(&clean(&who), WIDTH) {
            screen.line(&line)?;
        }
        for line in whim.asks.iter().flat_map(|asks| wrapped(&clean(asks), WIDTH - 2)) {
            screen.line(&format!("  {line}"))?;
        }
    }
    for (who, why) in &view.missing {
        screen.line(&screen.faint(&format!("not known: {} ({})", clean(who), clean(why))))?;
    }
    if let Some(due) = view.due {
        screen.line(&screen.faint(&format!("The next is due at {}.", due.strftime("%F %H:%M UTC"))))?;
    }
    screen.flush()
}
