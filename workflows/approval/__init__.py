"""How Chinese offices approve: which acts a step allows, and when its signers have decided. Pure rules."""

from workflows.approval.acts import ACTS, USUAL, allowed
from workflows.approval.signing import Rule, Sheet, Signature, tally

__all__ = ["ACTS", "USUAL", "Rule", "Sheet", "Signature", "allowed", "tally"]
