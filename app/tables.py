"""Every table, known in one place: for migrations, tests and the application."""

import app.accounts.models
import app.audit.models
import app.ballots.models
import app.catalogue.models
import app.contracts.models
import app.core.idempotency
import app.core.marks
import app.core.outbox
import app.evaluation.models
import app.files.models
import app.funds.models
import app.help.models
import app.inbox.models
import app.messages.models
import app.needs.models
import app.notices.models
import app.organisations.models
import app.policy.models
import app.procurement.models
import app.projects.models
import app.runtime.models
import app.runtime.work_models
import app.search.models
import app.studio.models  # noqa: F401
from app.core.db import Base

metadata = Base.metadata
