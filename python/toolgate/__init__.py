"""toolgate: an AI agent signs itself up to an MCP backend, and does nothing its human did not agree to.

`connect` opens a guarded connection; `Guard.attach` guards a client that is there already. What a person is
asked goes to an `Ask`, keys to a `Vault`, approvals to a `Ledger`. Every error is a `ToolgateError`.
"""

from .ask import Answer, Approve, Ask, Cancel, Code, Defer, Deny, Resend, ask_in_terminal, defer
from .auth import VaultAuth
from .client import McpClient
from .connect import connect
from .errors import (
    ApprovalError,
    ArgumentsError,
    AuditError,
    BackendError,
    FlowCancelledError,
    LedgerError,
    OptionsError,
    PlanError,
    PolicyError,
    ProtocolError,
    RecordError,
    SchemaError,
    SignupError,
    SnapshotError,
    ToolError,
    ToolgateError,
    error_codes,
)
from .guard import APPROVAL_META, Guard, Resumed, profile
from .http import http_client
from .ledger import Ledger, MemoryLedger
from .postgres import PostgresLedger, PostgresPool
from .schema import Validator, Violation, compile  # noqa: A004
from .sqlite import SqliteLedger
from .types import (
    Account,
    Approval,
    ApprovalQuestion,
    CodeQuestion,
    Decision,
    Effect,
    Form,
    KeyHandle,
    Policy,
    Preview,
    Profile,
    Question,
    Report,
    Rule,
    SignedUp,
    Step,
    ToolReport,
)
from .vault import MemoryVault, Vault

__all__ = [
    "APPROVAL_META",
    "Account",
    "Answer",
    "Approval",
    "ApprovalError",
    "ApprovalQuestion",
    "Approve",
    "ArgumentsError",
    "Ask",
    "AuditError",
    "BackendError",
    "Cancel",
    "Code",
    "CodeQuestion",
    "Decision",
    "Defer",
    "Deny",
    "Effect",
    "FlowCancelledError",
    "Form",
    "Guard",
    "KeyHandle",
    "Ledger",
    "LedgerError",
    "McpClient",
    "MemoryLedger",
    "MemoryVault",
    "OptionsError",
    "PlanError",
    "Policy",
    "PolicyError",
    "PostgresLedger",
    "PostgresPool",
    "Preview",
    "Profile",
    "ProtocolError",
    "Question",
    "RecordError",
    "Report",
    "Resend",
    "Resumed",
    "Rule",
    "SchemaError",
    "SignedUp",
    "SignupError",
    "SnapshotError",
    "SqliteLedger",
    "Step",
    "ToolError",
    "ToolReport",
    "ToolgateError",
    "Validator",
    "Vault",
    "VaultAuth",
    "Violation",
    "ask_in_terminal",
    "compile",
    "connect",
    "defer",
    "error_codes",
    "http_client",
    "profile",
]
