//! The codes of all diagnostics. A code is never reused; each has a page `docs/diagnostics/CODE.md`.

use super::Severity;

macro_rules! codes {
    ($($code:ident $name:ident $severity:ident $title:literal)*) => {
        /// What kind of finding a diagnostic is. The numbers group by phase: 01 syntax, 02 names, 03 values,
        /// 04 flow, 05 constructs, 06 stacks, 07 handlers, 08 deployments, 10 proofs, 11 proofs of good practice.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $title] $name,)*
        }

        impl Code {
            /// Every code, in order.
            pub const ALL: &[Code] = &[$(Code::$name,)*];

            /// `P0101`
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => stringify!($code),)* }
            }

            /// What it is about, in a few words.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Code::$name => $title,)* }
            }

            /// Whether it stops the build.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(Code::$name => Severity::$severity,)* }
            }
        }
    };
}

codes! {
    P0101 UnexpectedText Error "text that is no statement"
    P0102 UnterminatedText Error "a text without its closing quote"
    P0103 StrayClose Error "a closing brace that closes nothing"
    P0104 UnclosedBlock Error "a block that is never closed"
    P0105 UnclosedList Error "a list that is never closed"
    P0106 BadEscape Error "an unknown escape in a text"
    P0107 NumberTooLarge Error "a number that does not fit"
    P0108 TooDeep Error "brackets that nest too deep"
    P0109 NotUtf8 Error "a file that is not UTF-8"
    P0110 FileTooLarge Error "a file that is too large"

    P0201 NoApp Error "a project without an app"
    P0202 TwoApps Error "a project with two apps"
    P0203 UnknownStatement Error "a statement that does not exist here"
    P0204 UnknownName Error "a name that nothing declares"
    P0205 DeclaredTwice Error "a name that is declared twice"
    P0206 SaidTwice Error "a statement that stands twice"
    P0207 NameStyle Error "a name in the wrong style"
    P0208 ProfilesDisagree Error "two profiles that disagree"
    P0209 UnusedName Warning "a name that nothing uses"
    P0210 MisplacedField Error "a field where statements stand"
    P0211 WrongKindOfName Error "a name of another kind"
    P0212 ProfileCycle Error "profiles that inherit from each other"

    P0301 WrongArguments Error "a statement with the wrong arguments"
    P0302 WrongValue Error "a value of the wrong type"
    P0303 OutOfRange Error "a value out of its range"
    P0304 UnknownChoice Error "a choice that does not exist"
    P0305 UnknownOption Error "an option that does not exist"
    P0306 MissingOption Error "an option that must be given"
    P0307 MissingStatement Error "a statement that must be there"
    P0308 UnknownType Error "a type that does not exist"
    P0309 BadConstraint Error "a constraint that does not fit its type"
    P0310 BadPattern Error "a pattern that is no regular expression"
    P0311 EndlessType Error "a type that needs itself"
    P0312 BadPath Error "a path that API Gateway does not take"
    P0313 UnknownRegion Error "a region that does not exist"
    P0314 BadAction Error "an IAM action that is too wide or malformed"
    P0315 ParameterNotPossible Error "a parameter where the value must be known"
    P0316 OptionsContradict Error "options that contradict each other"
    P0317 BadCondition Error "a condition that is not understood"

    P0401 SamePath Error "two events at one method and path"
    P0402 AmbiguousPath Error "paths that API Gateway cannot tell apart"
    P0403 NoAuth Error "a public event that does not say its auth"
    P0404 OpenWithoutThrottle Warning "an open endpoint without a throttle"
    P0405 PathFieldMissing Error "a path parameter that the schema does not have"
    P0406 PathFieldType Error "a path parameter of a type that cannot stand in a path"
    P0407 BadKey Error "a key that cannot be a partition key"
    P0408 EmitsNotInternal Error "an emitted event that has another door"
    P0409 EmitsCycle Error "events that emit each other for ever"
    P0410 NothingListens Warning "an event that nobody keeps or reads"
    P0411 TierWithoutDoor Error "a volume on an event that cannot have one"
    P0412 SourceNotThere Error "a subscriber reading from what the event does not have"
    P0413 ForeignApi Error "an event at the api of another domain"
    P0414 AuthNotPossible Error "an auth on an event without a public door"
    P0415 AwsManagedKey Error "an AWS-managed key between services"
    P0416 OrderNotPossible Error "an order that the way of the event cannot keep"
    P0417 FilterNotPossible Error "a condition that nothing on the way can decide"
    P0418 AnswerNotPossible Error "an answer where nobody waits for one"
    P0419 GuestsNotPossible Error "another account at a door that it cannot use"
    P0420 ReplayNotPossible Error "a replay of what is not stored"
    P0421 UnknownMetric Error "an alarm on a metric that the event does not have"

    P0501 BadConstruct Error "a construct file that is not understood"
    P0502 BadExpression Error "an expression in a construct that is not understood"
    P0503 ConstructUnknownName Error "a name that a construct does not have"
    P0504 ConstructEvaluation Error "a construct that fails on these values"
    P0505 MissingPort Error "a port that a construct does not offer"
    P0506 Unbound Error "a construct without something that it needs"

    P0601 TooManyResources Error "a stack with too many resources"
    P0602 TooManyParameters Error "a stack with too many parameters or outputs"
    P0603 TemplateTooLarge Error "a template that is too large"
    P0604 OperationTooLarge Error "a deployment with too many resources"
    P0605 SameLogicalId Error "two resources with one logical id"
    P0606 Unlinkable Error "a reference that no stack can resolve"
    P0607 ApiQuota Warning "an api above a default quota of API Gateway"
    P0608 NothingToOverride Error "an override of a resource that there is not"
    P0609 BadProperty Error "a property that AWS does not take"

    P0701 HandlerMissing Error "a handler file that does not exist"
    P0702 HandlerOutside Error "a handler outside the project"
    P0703 HandlerWrongKind Error "a handler file of another language"
    P0704 HandlerTooLarge Error "a handler package that Lambda does not take"
    P0705 HandlerUnreadable Error "a handler that cannot be read"

    P0801 DataLoss Error "a deployment that would lose data"
    P0802 DeploymentFailed Error "a deployment that AWS could not finish"

    P1001 KeyRefusesTopic Error "a key that keeps a sender from its queue"
    P1002 KeyRefusesBucket Error "a key that keeps a bucket from its topic"
    P1003 KeyRefusesLogs Error "a key that a log group cannot use"
    P1004 AlarmCannotSend Error "an alarm that cannot reach its topic"
    P1005 ManagedKeyOnHop Error "an AWS-managed key between two services"
    P1006 QueueRefusesTopic Error "a queue that does not take what is sent to it"
    P1007 TopicRefusesBucket Error "a topic that does not take notifications of its bucket"
    P1008 MappingRoleTooNarrow Error "a reader whose role cannot read its source"
    P1009 DeliveryRoleTooNarrow Error "a delivery stream whose role cannot deliver"
    P1010 IntegrationRoleTooNarrow Error "a method whose role cannot do what it integrates"
    P1011 KeyWithoutPlan Error "a method that wants an API key that no plan gives"
    P1012 ConfusedDeputy Warning "a permission of a service on behalf of anybody"
    P1013 TooWide Warning "a permission that is wider than it need be"
    P1014 DeploymentTooEarly Error "a deployment that may miss a method"
    P1015 ResourceCycle Error "resources that wait for each other"
    P1016 NestedNames Error "a nested stack whose names do not match"
    P1018 VisibilityTooShort Error "a queue that shows messages again while a function works on them"
    P1019 DeadLetterType Error "dead letters of another type than their queue"
    P1020 FifoMismatch Error "a FIFO topic or queue where there can be none"
    P1021 DeliveryShape Error "a delivery stream that Firehose does not take"
    P1022 LifecycleRefused Error "a lifecycle that S3 does not take"
    P1023 StreamShape Error "a stream or mapping that Kinesis or Lambda does not take"
    P1024 EventTooLarge Error "an event that its way cannot carry"
    P1025 TimeoutTooLong Error "an API that gives up before its function does"
    P1026 CertificateRegion Error "a certificate in a region where it does not serve"
    P1027 AlarmSpan Error "an alarm that looks back too far"
    P1028 FilterTooLarge Error "a filter that SNS does not take"
    P1029 NotificationsOverlap Error "notifications of one bucket that overlap"
    P1030 SameRoute Error "two methods that API Gateway cannot tell apart"
    P1031 TooMuchForStack Error "a template above CloudFormation's limits"
    P1032 PolicyTooLarge Error "a policy that is too long"
    P1033 BadName Error "a name that AWS does not take"
    P1034 ApiAboveQuota Warning "an api above API Gateway's quotas"
    P1040 Untrusted Error "a role that its service cannot assume"
    P1041 NothingCarries Error "a way of an event that nothing carries"
    P1042 DeadLettersRefused Error "dead letters that cannot be delivered"
    P1043 NoSuchResource Error "a reference to what is not there"
    P1044 SameName Error "two resources of one name"
    P1045 FunctionRoleTooNarrow Error "a function whose role lacks what it needs to start"
    P1046 CallerRefused Error "a function that its caller may not call"
    P1047 OtherKind Error "a reference to a resource of another kind"
    P1048 StateMachineRoleTooNarrow Error "a state machine whose role lacks what its states do"
    P1090 UnusedExpectation Warning "an expectation that nothing met"
    P1091 BadTemplate Error "a template that is not understood"
    P1092 Unproved Warning "a proof that cannot be made"
    P1118 VisibilityShort Warning "a queue whose visibility timeout is less than six times the function's"
    P1119 DeadLetterRetention Warning "dead letters that are kept for less time than messages"
    P1122 LifecycleUnderLock Warning "objects that should expire while they are locked"
    P1125 TimeoutQuota Warning "an API timeout above the default quota"
    P1142 LettersLost Warning "messages that are lost when nobody can take them"
    P1145 FunctionCannotLog Warning "a function that cannot write its log"
}

impl std::str::FromStr for Code {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let wanted = text.to_ascii_uppercase();
        Code::ALL.iter().copied().find(|code| code.as_str() == wanted).ok_or(())
    }
}
