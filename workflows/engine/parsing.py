"""The library's parser, with our own automatic steps in place of its: operators and decision tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from SpiffWorkflow.bpmn.parser.BpmnParser import full_tag
from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException
from SpiffWorkflow.spiff.parser.process import SpiffBpmnParser
from SpiffWorkflow.spiff.parser.task_spec import ServiceTaskParser, SpiffTaskParser
from SpiffWorkflow.spiff.specs.defaults import BusinessRuleTask, ServiceTask

from workflows.engine import joining  # noqa: F401 - joins keep what each branch has changed
from workflows.model.decision import DecisionTable


class OperatorTask(ServiceTask):  # type: ignore[misc]
    """A service task: its operator's answer becomes process variables."""

    def _execute(self, task: Any) -> bool:
        engine = task.workflow.script_engine
        parameters = {
            name: engine.evaluate(task=task, expression=parameter["value"])
            for name, parameter in self.operation_params.items()
        }
        answer = engine.run_operator(self.operation_name, parameters, task.data)
        if self.result_variable.startswith("spiff__"):  # the library's name for "none was given"
            task.data.update(answer)
        else:
            task.data[self.result_variable] = dict(answer)
        return True


class DecisionTask(BusinessRuleTask):  # type: ignore[misc]
    """A business rule task on our own decision tables: outputs replace old values, no match is a fault."""

    def _run_hook(self, task: Any) -> bool:
        task.data.update(self.dmnEngine.decide(task.data))
        return True


class DecisionTaskParser(SpiffTaskParser):  # type: ignore[misc]
    """Finds the table of a business rule task."""

    @staticmethod
    def get_decision_ref(node: Any) -> str | None:
        """The table a business rule task names; the library asks for it when it lists what a model needs."""
        called: str | None = SpiffTaskParser._parse_extensions(node).get("calledDecisionId")
        return called

    def create_task(self) -> DecisionTask:
        key = self.get_decision_ref(self.node)
        table = self.process_parser.parser.tables.get(key)
        if table is None:
            raise ValidationException(f"找不到决策表“{key}”", node=self.node, file_name=self.filename)
        return DecisionTask(self.spec, self.bpmn_id, dmnEngine=table, **self.bpmn_attributes)


class Parser(SpiffBpmnParser):  # type: ignore[misc]
    """The library's parser over already safely parsed trees."""

    OVERRIDE_PARSER_CLASSES = {
        **SpiffBpmnParser.OVERRIDE_PARSER_CLASSES,
        full_tag("serviceTask"): (ServiceTaskParser, OperatorTask),
        full_tag("businessRuleTask"): (DecisionTaskParser, DecisionTask),
    }

    def __init__(self, tables: Mapping[str, DecisionTable]) -> None:
        super().__init__()
        self.tables = tables
