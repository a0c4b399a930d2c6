//! A deployment may be killed at every await point: the next one finishes.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test code")]

mod fake;

use fake::Fake;
use fake::host::Notes;
use fake::project::{Built, built, deploy, deployed, destroy, small, two_events, with_domain};
use pipec_deploy::Options;
use pipec_deploy::status::is_good;

/// What is in the cloud in the end, without what depends on how often it was tried.
fn picture(fake: &Fake) -> Vec<String> {
    let world = fake.world.borrow();
    let mut lines: Vec<String> = world
        .stacks
        .iter()
        .filter(|stack| stack.shown.status != "DELETE_COMPLETE")
        .map(|stack| {
            assert!(is_good(&stack.shown.status), "{} is {}", stack.shown.name, stack.shown.status);
            format!("{} {:?} {}", stack.shown.name, stack.shown.parameters, stack.text)
        })
        .collect();
    lines.sort();
    lines.extend(world.objects.keys().map(|(bucket, key)| format!("{bucket}/{key}")));
    lines
}

/// Runs until the fuse blows; whether it came to its end before.
async fn run_until_death(fake: &Fake, built: &Built) -> bool {
    let (notes, options) = (Notes::default(), Options::default());
    tokio::select! {
        biased;
        () = fake.dead() => false,
        ended = deploy(fake, &notes, built, &options) => match ended {
            Ok(_) => true,
            Err(stop) => panic!("{stop:#?}"),
        },
    }
}

/// Kills a deployment of `second` onto `first` at every await point, and lets another finish it.
async fn survives(first: Option<&Built>, second: &Built) {
    let untouched = Fake::default();
    if let Some(first) = first {
        deployed(&untouched, first).await;
    }
    deployed(&untouched, second).await;
    let wanted = picture(&untouched);
    for fuse in 0.. {
        let fake = Fake::default();
        if let Some(first) = first {
            deployed(&fake, first).await;
        }
        fake.revive();
        fake.fuse.set(fuse);
        if run_until_death(&fake, second).await {
            assert!(fuse > 50, "there are more await points than {fuse}");
            return;
        }
        fake.revive();
        deployed(&fake, second).await;
        assert_eq!(picture(&fake), wanted, "killed at await point {fuse}");
        assert_eq!(fake.count("delete_stack"), 0, "killed at await point {fuse}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_first_deployment_survives_death_anywhere() {
    survives(None, &small()).await;
}

#[tokio::test(start_paused = true)]
async fn an_update_survives_death_anywhere() {
    survives(Some(&small()), &two_events()).await;
}

#[tokio::test(start_paused = true)]
async fn domains_survive_death_anywhere() {
    survives(Some(&small()), &built(&with_domain(), None)).await;
}

#[tokio::test(start_paused = true)]
async fn a_destruction_survives_death_anywhere() {
    let app = built(&with_domain(), None);
    for fuse in 0.. {
        let (fake, notes) = (Fake::default(), Notes::default());
        deployed(&fake, &app).await;
        fake.revive();
        fake.fuse.set(fuse);
        let done = tokio::select! {
            biased;
            () = fake.dead() => false,
            ended = destroy(&fake, &notes, &app) => match ended {
                Ok(_) => true,
                Err(stop) => panic!("{stop:#?}"),
            },
        };
        if done {
            assert!(fuse > 20, "there are more await points than {fuse}");
            return;
        }
        fake.revive();
        destroy(&fake, &notes, &app).await.unwrap();
        let left: Vec<String> = fake.world.borrow().roots().into_iter().map(|stack| stack.name).collect();
        assert_eq!(left, ["pipec-bootstrap"], "killed at await point {fuse}");
    }
}
