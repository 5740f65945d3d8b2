//! The form that asks for a token: it stands alone, since without one no file
//! of ours may be read.

use super::shell::metas;
use crate::surfaces::web::signing::{PATH, STYLE};
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// The form; `to` is where one goes from there.
pub(in crate::surfaces::web) fn sign_in(to: &str, wrong: bool) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                (metas())
                title { "Sign in · Goldentooth" }
                // A constant, which the policy names by its hash.
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { "Goldentooth" }
                    form method="post" action=(PATH) {
                        label for="token" { "Token" }
                        input #token name="token" type="password" autocomplete="current-password" required autofocus;
                        input type="hidden" name="to" value=(to);
                        @if wrong { p.wrong role="alert" { "That is no token of this coordinator." } }
                        button type="submit" { "Sign in" }
                    }
                    p { "On the coordinator's machine " code { "goldentooth token add NAME" } " makes one." }
                }
            }
        }
    }
}
