//! Every AWS call of the spine, told apart where one action is called for several purposes.

/// A kind of fault. Throttles and errors strike every attempt of the SDK, or the function would never see them;
/// the others strike once.
pub const KINDS: [&str; 5] = ["throttle", "error", "lost", "duplicate", "kill"];

/// The SDK tries a call three times. `CreateAccount` is never repeated by it.
pub const SDK_ATTEMPTS: u32 = 3;

/// How to bring the workflow to the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Every request makes it.
    Straight,
    /// While the API accepts the request.
    Post,
    /// When a request is sent again.
    Repeat,
    /// When a failed request is sent again.
    Resume,
    /// When requests are listed.
    List,
    /// When requests that never began are swept up.
    Sweep,
    /// When `CreateAccount` takes effect and its answer is lost.
    LostCreation,
    /// When `CreateAccount` is not answered and takes no effect.
    SilentCreation,
    /// When `CreateAccount` is throttled.
    ThrottledCreation,
    /// When AWS says that the e-mail is taken.
    EmailTaken,
    /// When verification cannot reach the ledger for long: the request fails with its account in Quarantine.
    StuckVerification,
    /// When the event cannot be published for long: the request fails with its account in its unit.
    StuckAnnouncement,
}

/// What tells the call of one request from those of others that run at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tie {
    Name,
    Request,
    Creation,
    Account,
    /// Nothing: the fault strikes whichever request comes first.
    None,
}

/// A call, and how to strike it.
#[derive(Debug, Clone, Copy)]
pub struct Site {
    pub function: &'static str,
    pub service: &'static str,
    pub action: &'static str,
    /// What this call is for, where the function makes it for more than one purpose.
    pub purpose: &'static str,
    /// Texts in the body that tell the purpose.
    pub containing: &'static [&'static str],
    /// Calls for the same request that come before.
    pub skip: u32,
    pub way: Way,
    /// Only lost answers and kills: the other kinds strike at the same call made for another purpose.
    pub only_losses: bool,
}

impl Site {
    /// The kinds of fault that strike here.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> + use<> {
        let only_losses = self.only_losses;
        KINDS.into_iter().filter(move |kind| !only_losses || matches!(*kind, "lost" | "kill"))
    }

    /// The row of the matrix.
    pub fn name(&self) -> String {
        let Self { function, service, action, purpose, .. } = self;
        if purpose.is_empty() {
            format!("{function} {service}:{action}")
        } else {
            format!("{function} {service}:{action}, {purpose}")
        }
    }

    /// By which text this call can be told from that of another request.
    pub fn tie(&self) -> Tie {
        let shared = ["key#", "pace#", "\"organization\""];
        match (self.service, self.action) {
            ("dynamodb", "TransactWriteItems") => Tie::Name,
            ("dynamodb", "Query") | ("states", _) | (_, "ListCreateAccountStatus" | "ListAccounts") => Tie::None,
            ("dynamodb", _) if self.containing.iter().any(|text| shared.contains(text)) => Tie::None,
            ("dynamodb" | "events", _) | (_, "CreateAccount") => Tie::Request,
            (_, "DescribeCreateAccountStatus") => Tie::Creation,
            _ => Tie::Account,
        }
    }

    const fn also(mut self, purpose: &'static str, containing: &'static [&'static str], skip: u32) -> Self {
        self.purpose = purpose;
        self.containing = containing;
        self.skip = skip;
        self
    }

    const fn by(mut self, way: Way) -> Self {
        self.way = way;
        self
    }

    const fn losses(mut self) -> Self {
        self.only_losses = true;
        self
    }
}

const fn site(function: &'static str, service: &'static str, action: &'static str) -> Site {
    Site { function, service, action, purpose: "", containing: &[], skip: 0, way: Way::Straight, only_losses: false }
}

const API: [Site; 6] = [
    site("api", "dynamodb", "TransactWriteItems").by(Way::Post),
    site("api", "states", "StartExecution").by(Way::Post),
    site("api", "dynamodb", "GetItem").also("read a request", &["request#"], 0),
    site("api", "dynamodb", "GetItem").also("whose key is it", &["key#"], 0).by(Way::Repeat),
    site("api", "dynamodb", "UpdateItem").also("resume", &["REMOVE failure"], 0).by(Way::Resume),
    site("api", "dynamodb", "Query").by(Way::List),
];

/// An update of the ledger.
const fn update(function: &'static str, purpose: &'static str, containing: &'static [&'static str]) -> Site {
    site(function, "dynamodb", "UpdateItem").also(purpose, containing, 0)
}

const ADMIT: [Site; 8] = [
    update("admit", "begin reserve", &["if_not_exists(steps", "\"reserve\""]),
    update("admit", "finish reserve", &["finishedAt", "\"reserve\""]).losses(),
    update("admit", "begin slot", &["if_not_exists(steps", "\"slot\""]).losses(),
    update("admit", "finish slot", &["finishedAt", "\"slot\""]).losses(),
    site("admit", "dynamodb", "PutItem").also("name", &["name#"], 0),
    site("admit", "dynamodb", "PutItem").also("e-mail", &["email#"], 0).losses(),
    site("admit", "dynamodb", "PutItem").also("slot", &["pace#"], 0),
    site("admit", "dynamodb", "GetItem").also("slot", &["pace#"], 0),
];

const CREATE: [Site; 15] = [
    update("create", "begin", &["if_not_exists(steps"]),
    update("create", "claim", &["SET creation = "]),
    site("create", "organizations", "CreateAccount"),
    update("create", "store status id", &["creation.statusId"]).losses(),
    site("create", "dynamodb", "UpdateItem").also("begin to poll", &["if_not_exists(steps"], 1).losses(),
    site("create", "organizations", "DescribeCreateAccountStatus"),
    update("create", "remember account", &["\"account#"]).losses(),
    update("create", "store account id", &["accountId = :account"]).losses(),
    update("create", "give slot back", &["REMOVE holders"]).losses(),
    update("create", "finish", &["finishedAt"]).losses(),
    update("create", "drop claim", &["REMOVE creation"]).by(Way::ThrottledCreation).losses(),
    site("create", "organizations", "ListCreateAccountStatus").by(Way::LostCreation),
    update("create", "store status id found", &["creation.statusId"]).by(Way::LostCreation).losses(),
    site("create", "organizations", "ListAccounts").by(Way::SilentCreation),
    update("create", "store failure", &["creation.failed"]).by(Way::EmailTaken).losses(),
];

const PLACE: [Site; 15] = [
    update("place", "begin quarantine", &["if_not_exists(steps", "\"quarantine\""]),
    update("place", "finish quarantine", &["finishedAt", "\"quarantine\""]).losses(),
    update("place", "begin place", &["if_not_exists(steps", "\"place\""]).losses(),
    update("place", "finish place", &["finishedAt", "\"place\""]).losses(),
    site("place", "dynamodb", "GetItem").also("unit ids", &["\"organization\""], 0),
    site("place", "organizations", "ListParents").also("before quarantine", &[], 0),
    site("place", "organizations", "MoveAccount").also("to quarantine", &[], 0),
    site("place", "organizations", "ListParents").also("after quarantine", &[], 1).losses(),
    site("place", "organizations", "ListParents").also("before unit", &[], 2).losses(),
    site("place", "organizations", "MoveAccount").also("to unit", &[], 1),
    site("place", "organizations", "ListParents").also("after unit", &[], 3).losses(),
    site("place", "dynamodb", "GetItem")
        .also("of a failed request", &["request#"], 0)
        .by(Way::StuckVerification)
        .losses(),
    update("place", "note return", &["organizationalUnit = :unit"]).by(Way::StuckVerification).losses(),
    site("place", "organizations", "MoveAccount").also("back to quarantine", &[], 2).by(Way::StuckAnnouncement),
    site("place", "organizations", "ListParents").also("after return", &[], 5).by(Way::StuckAnnouncement).losses(),
];

const BASELINE: [Site; 12] = [
    update("baseline", "begin probe", &["if_not_exists(steps", "\"probe\""]),
    site("baseline", "sts", "AssumeRole"),
    site("baseline", "sts", "GetCallerIdentity"),
    update("baseline", "finish probe", &["finishedAt", "\"probe\""]).losses(),
    update("baseline", "begin member roles", &["if_not_exists(steps", "\"member-roles\""]).losses(),
    site("baseline", "cloudformation", "DescribeStacks").also("before", &[], 0),
    site("baseline", "cloudformation", "CreateStack"),
    site("baseline", "cloudformation", "DescribeStacks").also("in another Region", &[], 1).losses(),
    site("baseline", "cloudformation", "DescribeStacks").also("after", &[], 2).losses(),
    site("baseline", "cloudformation", "CreateStack").also("in another Region", &[], 1).losses(),
    update("baseline", "finish member roles", &["finishedAt", "\"member-roles\""]).losses(),
    site("baseline", "dynamodb", "UpdateItem")
        .also("begin member roles again", &["if_not_exists(steps", "\"member-roles\""], 1)
        .losses(),
];

const PROFILE: [Site; 6] = [
    update("profile", "begin", &["if_not_exists(steps"]),
    site("profile", "organizations", "TagResource"),
    site("profile", "account", "PutAlternateContact").also("security", &["\"SECURITY\""], 0),
    site("profile", "account", "PutAlternateContact").also("billing", &["\"BILLING\""], 0).losses(),
    site("profile", "account", "PutAlternateContact").also("operations", &["\"OPERATIONS\""], 0).losses(),
    update("profile", "finish", &["finishedAt"]).losses(),
];

const VERIFY: [Site; 12] = [
    update("verify", "begin", &["if_not_exists(steps"]),
    site("verify", "dynamodb", "GetItem").also("unit ids", &["\"organization\""], 0),
    site("verify", "organizations", "DescribeAccount"),
    site("verify", "sts", "AssumeRole"),
    site("verify", "cloudformation", "DescribeStacks"),
    site("verify", "cloudformation", "DescribeStacks").also("in another Region", &[], 1).losses(),
    site("verify", "iam", "GetRole"),
    site("verify", "organizations", "ListParents"),
    site("verify", "organizations", "ListTagsForResource"),
    site("verify", "account", "GetAlternateContact"),
    site("verify", "account", "GetAlternateContact").also("the last", &["\"OPERATIONS\""], 0).losses(),
    update("verify", "finish", &["finishedAt"]).losses(),
];

const SETTLE: [Site; 11] = [
    site("settle", "dynamodb", "GetItem").also("the request", &["request#"], 0),
    update("settle", "begin announce", &["if_not_exists(steps"]),
    site("settle", "events", "PutEvents").also("vended", &["Account Vended"], 0),
    update("settle", "active", &["#state = :active"]).losses(),
    site("settle", "dynamodb", "GetItem").also("the failed request", &["request#"], 0).by(Way::EmailTaken).losses(),
    site("settle", "events", "PutEvents").also("failed", &["Account Vending Failed"], 0).by(Way::EmailTaken),
    update("settle", "failed", &["#state = :failed"]).by(Way::EmailTaken).losses(),
    update("settle", "give slot back", &["REMOVE holders"]).by(Way::EmailTaken).losses(),
    site("settle", "dynamodb", "DeleteItem").also("name", &["name#"], 0).by(Way::EmailTaken),
    site("settle", "dynamodb", "DeleteItem").also("e-mail", &["email#"], 0).by(Way::EmailTaken).losses(),
    site("settle", "dynamodb", "Query").by(Way::Sweep),
];

/// All of them, in the order of the workflow.
pub fn all() -> impl Iterator<Item = Site> {
    [&API[..], &ADMIT, &CREATE, &PLACE, &BASELINE, &PROFILE, &VERIFY, &SETTLE].into_iter().flatten().copied()
}
