"""The yardstick's process: N times a user task and a gateway; the same drawing and data for both sides."""

from __future__ import annotations

import json
from typing import Any

LANE = "街道经办"
HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core"
  id="Definitions_{key}" targetNamespace="http://bpmn.io/schema/bpmn">
  <bpmn:collaboration id="Collab_{key}"><bpmn:participant id="Part_{key}" processRef="{key}"/></bpmn:collaboration>
  <bpmn:process id="{key}" name="{key}" isExecutable="true">
    <bpmn:laneSet id="lanes"><bpmn:lane id="lane" name="{lane}">{nodes}</bpmn:lane></bpmn:laneSet>
"""
TASK = """    <bpmn:userTask id="task_{i}" name="Step {i}"><bpmn:extensionElements><spiffworkflow:properties>
      <spiffworkflow:property name="formJsonSchemaFilename" value="step_{i}.json"/>
      <spiffworkflow:property name="formUiSchemaFilename" value="step_{i}.ui.json"/>
    </spiffworkflow:properties></bpmn:extensionElements></bpmn:userTask>
    <bpmn:exclusiveGateway id="gw_{i}" default="on_{i}"/>
    <bpmn:endEvent id="rej_{i}" name="Rejected {i}"/>
    <bpmn:sequenceFlow id="f_{i}" sourceRef="task_{i}" targetRef="gw_{i}"/>
    <bpmn:sequenceFlow id="on_{i}" sourceRef="gw_{i}" targetRef="{next}"/>
    <bpmn:sequenceFlow id="no_{i}" sourceRef="gw_{i}" targetRef="rej_{i}"><bpmn:conditionExpression
      xsi:type="bpmn:tFormalExpression">ok_{i} == False</bpmn:conditionExpression></bpmn:sequenceFlow>
"""


def key_of(steps: int) -> str:
    """Id of the process with that many steps."""
    return f"bench_{steps}"


def drawing(steps: int) -> bytes:
    """The diagram as XML."""
    names = ["start", "end"] + [f"{kind}_{i}" for i in range(1, steps + 1) for kind in ("task", "gw", "rej")]
    nodes = "".join(f"<bpmn:flowNodeRef>{name}</bpmn:flowNodeRef>" for name in names)
    parts = [HEAD.format(key=key_of(steps), lane=LANE, nodes=nodes)]
    parts.append('    <bpmn:startEvent id="start"/>\n    <bpmn:endEvent id="end"/>\n')
    parts.append('    <bpmn:sequenceFlow id="f_start" sourceRef="start" targetRef="task_1"/>\n')
    parts += [TASK.format(i=i, next=f"task_{i + 1}" if i < steps else "end") for i in range(1, steps + 1)]
    parts.append("  </bpmn:process>\n</bpmn:definitions>\n")
    return "".join(parts).encode()


def forms(steps: int) -> dict[str, bytes]:
    """One small form a step, as our side stores them."""
    made: dict[str, bytes] = {}
    for i in range(1, steps + 1):
        schema = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "title": f"Step {i}",
            "properties": {
                f"ok_{i}": {"type": "boolean", "title": "ok"},
                f"comment_{i}": {"type": "string", "title": "comment", "maxLength": 200},
                f"amount_{i}": {"type": "integer", "title": "amount"},
                f"date_{i}": {"type": "string", "title": "date", "maxLength": 20},
            },
            "required": [f"ok_{i}"],
        }
        made[f"form/step_{i}.json"] = json.dumps(schema).encode()
        made[f"form/step_{i}.ui.json"] = b"{}"
    return made


def answers(i: int, salt: int) -> dict[str, Any]:
    """About 130 bytes with names of their own, so that data grows as a real file does.

    Args:
        salt: makes the data of each instance differ, as real data do.
    """
    return {
        f"ok_{i}": True,
        f"comment_{i}": f"case {salt} step {i} reviewed and approved by office",
        f"amount_{i}": 1000 + i,
        f"date_{i}": "2025-03-01",
    }
