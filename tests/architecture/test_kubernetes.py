"""The files for Kubernetes fit the code: settings, roles, probes, ports, times.

`make check-deploy` checks their form."""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from services.cli.installation import ServiceName
from services.cli.main import COMMANDS
from services.cli.run import runnable
from shared.http.operations import operations_router
from shared.metrics import create_metrics
from shared.role import Role
from shared.runtime import STALL_SECONDS, STOP_SECONDS
from shared.secret_files import variable_of
from shared.service import Health
from tests.architecture.manifests import (
    BASE,
    FOLDER,
    HAS_KUBECTL,
    OVERLAYS,
    PARTS,
    SECRETS,
    Document,
    configuration,
    container,
    documents,
    kustomization,
    literals,
    parts,
    pod,
    rendered,
    workloads,
)
from tests.architecture.sources import ROOT, tracked_files

PAGE = (ROOT / "docs" / "kubernetes.md").read_text("utf-8")
INSTALLATIONS = ("local", "production")
PLACEHOLDERS = {
    "database-url": "postgresql://handoff:secret@db.example.com:5432/handoff",
    "smtp-url": "smtp://handoff:secret@mail.example.com:587",
    "publisher-keys": json.dumps({"shop": {"key": "a-key-of-16-or-more", "sources": ["/shop"]}}),
    "reader-keys": json.dumps(["a-key-of-16-or-more"]),
}
needs_kubectl = pytest.mark.skipif(not HAS_KUBECTL, reason="kubectl, which renders overlays, is not installed here")


def _variables(service: ServiceName) -> set[str]:
    names = [variable_of(name, field) for name, field in runnable(service).settings.model_fields.items()]
    return {*names, *(f"{name}_FILE" for name in names)}


def _command(arguments: list[str]) -> dict[str, Any]:
    """The parameters that `handoff` reads from the arguments of a container. Fails for any that it would refuse."""
    name, *rest = [argument.replace("$(POD_INDEX)", "3") for argument in arguments]
    (command,) = (one.load() for one in COMMANDS if one.name == name)
    parameters: dict[str, Any] = command.make_context(name, rest).params
    return parameters


def _patched(service: str) -> dict[str, object]:
    """The values that the folder of a service sets in its pods, by the kinds of workload and the path."""
    found = kustomization(BASE / service)["patches"]
    return {
        f"{one['target']['kind']} {path}": value
        for one in found
        for path, value in re.findall(r"path: (\S+), value: (\S+)}", one["patch"])
    }


def test_every_service_has_its_folder_and_its_name_in_every_part() -> None:
    assert {one for one in kustomization(BASE)["resources"] if not one.endswith(".yaml")} == {*ServiceName}
    for service in ServiceName:
        assert kustomization(BASE / service)["resources"] == ["../service"]
        assert kustomization(BASE / service)["namePrefix"] == f"{service}-"
        port = runnable(service).settings.model_fields["port"].default
        assert set(_patched(service).values()) == {service.value, str(port)}


def test_every_role_runs_in_a_part_of_its_own_and_migrations_in_a_job() -> None:
    found = parts()
    assert {*found} == {*Role, "migrate"} - {Role.ALL}
    for component, workload in found.items():
        arguments = [one.replace("service", "orders") for one in container(workload)["args"]]
        read = _command(arguments)
        if component == "migrate":
            assert read["only"] == [ServiceName.ORDERS]
        else:
            assert (read["name"], read["role"]) == (ServiceName.ORDERS, Role(component))


def test_only_static_members_have_a_slot() -> None:
    slotted = {name for name, workload in parts().items() if "--slot" in container(workload)["args"]}
    stateful = {name for name, workload in parts().items() if workload["kind"] == "StatefulSet"}
    assert slotted == stateful == {"consume"}


def test_a_role_that_does_not_exist_is_found() -> None:
    with pytest.raises(Exception, match="reader"):
        _command(["run", "orders", "--role", "reader"])


@pytest.mark.parametrize("overlay", INSTALLATIONS)
@pytest.mark.parametrize("service", ServiceName)
def test_every_variable_is_a_setting(overlay: str, service: ServiceName) -> None:
    unknown = {*configuration(overlay, service)} - _variables(service)
    assert not unknown, f"{service} reads no such variable"


@pytest.mark.parametrize("overlay", INSTALLATIONS)
@pytest.mark.parametrize("service", ServiceName)
def test_a_service_accepts_its_settings(
    overlay: str, service: ServiceName, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = configuration(overlay, service)
    given = PLACEHOLDERS | literals(FOLDER / "overlays" / overlay, "secretGenerator").get(service, {})
    for variable in _variables(service):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in environment.items():
        if value.startswith(SECRETS):
            file = tmp_path / Path(value).name
            file.write_text(given.get(file.name, "a-secret"), "utf-8")
            value = str(file)
        monkeypatch.setenv(variable, value)
    settings = runnable(service).settings()
    assert settings.host == "0.0.0.0"
    assert settings.port == runnable(service).settings.model_fields["port"].default


def test_the_page_lists_the_files_of_each_secret() -> None:
    for service in ServiceName:
        values = configuration("production", service).values()
        files = sorted(Path(one).name for one in values if one.startswith(SECRETS))
        assert f"| `{service}` | {', '.join(f'`{name}`' for name in files)} |" in PAGE


def test_probes_and_measurements_are_paths_of_every_process() -> None:
    process = container(documents(PARTS / "process.yaml")[0])
    served = {route.path for route in operations_router(Health(), create_metrics("orders")).routes}  # type: ignore[attr-defined]
    probes = {name: process[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")}
    assert {name: probe["path"] for name, probe in probes.items()} == {
        "startup": "/healthz",
        "liveness": "/healthz",
        "readiness": "/readyz",
    }
    (monitor,) = documents(FOLDER / "components" / "podmonitor" / "podmonitor.yaml")
    (measured,) = monitor["spec"]["podMetricsEndpoints"]
    assert {measured["path"], *(probe["path"] for probe in probes.values())} <= served
    assert {measured["port"], *(probe["port"] for probe in probes.values())} == {process["ports"][0]["name"]}


def test_the_watchdog_ends_a_process_before_its_probe_does() -> None:
    probe = container(documents(PARTS / "process.yaml")[0])["livenessProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] >= STALL_SECONDS


def test_a_pod_has_the_time_that_a_process_takes_to_stop() -> None:
    grace = pod(documents(PARTS / "process.yaml")[0])["terminationGracePeriodSeconds"]
    waits = [container(one).get("lifecycle", {}).get("preStop", {}).get("sleep", {}) for one in parts().values()]
    assert grace > STOP_SECONDS + max(one.get("seconds", 0) for one in waits)


def test_images_have_the_version_of_this_project_or_one_of_their_own() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    for folder in (BASE, FOLDER / "overlays" / "production"):
        assert [one["newTag"] for one in kustomization(folder)["images"]] == [version]
    servers = [container(one)["image"] for one in _all("Deployment") if container(one).get("image")]
    assert all(re.fullmatch(r"[\w./-]+:v?\d[\w.]*", one) for one in servers), servers


def _all(kind: str) -> list[Document]:
    paths = [path for path in tracked_files() if re.fullmatch(r"deploy/kubernetes/.+\.yaml", path)]
    return [one for path in paths for one in documents(ROOT / path) if one.get("kind") == kind]


def test_the_allowed_hops_are_the_documented_ones() -> None:
    allowed = {
        policy["metadata"]["name"]: {port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]}
        for policy in documents(BASE / "network.yaml")
        if policy["spec"].get("egress")
    }
    listed = re.findall(r"^\| `(\w+)` \| [^|]+ \| ([\d, ]+) \|", PAGE, re.MULTILINE)
    assert allowed == {name: set(map(int, ports.split(", "))) for name, ports in listed}


def test_nothing_is_allowed_without_a_rule() -> None:
    (deny, *_) = documents(BASE / "network.yaml")
    assert deny["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_consumers_never_outnumber_partitions() -> None:
    (limits,) = documents(FOLDER / "components" / "keda" / "limits.yaml")
    partitions = runnable(ServiceName.ORDERS).settings.model_fields["topic_partitions"].default
    assert limits["spec"]["maxReplicaCount"] == partitions
    scaled = {one["metadata"]["name"]: one["spec"] for one in _all("ScaledObject") if "triggers" in one["spec"]}
    assert {*scaled} == {*ServiceName}
    for service, spec in scaled.items():
        assert spec["scaleTargetRef"]["name"] == f"{service}-consume"
        assert spec["triggers"][0]["metadata"]["consumerGroup"] == service


@needs_kubectl
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_pod_is_restricted(overlay: str) -> None:
    for workload in workloads(overlay):
        spec, only = pod(workload), container(workload)
        assert spec["automountServiceAccountToken"] is False
        assert spec["enableServiceLinks"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert only["securityContext"]["allowPrivilegeEscalation"] is False
        assert only["securityContext"]["capabilities"] == {"drop": ["ALL"]}


@needs_kubectl
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_part_of_a_service_is_whole(overlay: str) -> None:
    ours = [one for one in workloads(overlay) if container(one)["name"] == "handoff"]
    assert len(ours) == len(ServiceName) * len(parts())
    for workload in ours:
        spec, only = pod(workload), container(workload)
        _command(only["args"])
        assert spec["securityContext"]["runAsUser"] == spec["securityContext"]["fsGroup"] == 10001
        assert only["securityContext"]["readOnlyRootFilesystem"] is True
        assert {"cpu", "memory"} <= {*only["resources"]["requests"]}
        if workload["kind"] != "Job":
            assert {"startupProbe", "livenessProbe", "readinessProbe"} <= {*only}
            assert workload["metadata"]["name"] in _budgets(overlay)


@needs_kubectl
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_name_that_a_pod_refers_to_exists(overlay: str) -> None:
    existing = {(one["kind"], one["metadata"]["name"]) for one in rendered(overlay)}
    for workload in workloads(overlay):
        spec, only = pod(workload), container(workload)
        named = {("ConfigMap", one["configMapRef"]["name"]) for one in only.get("envFrom", ())}
        if "serviceAccountName" in spec:
            named.add(("ServiceAccount", spec["serviceAccountName"]))
        if "serviceName" in workload["spec"]:
            named.add(("Service", workload["spec"]["serviceName"]))
        assert named <= existing


@needs_kubectl
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_pods_are_spread_by_labels_that_a_server_accepts(overlay: str) -> None:
    """A server refuses a key that is in both the selector and `matchLabelKeys`; no schema says so."""
    for workload in workloads(overlay):
        for spread in pod(workload).get("topologySpreadConstraints", ()):
            assert not {*spread["matchLabelKeys"]} & {*spread["labelSelector"]["matchLabels"]}


def _budgets(overlay: str) -> Mapping[str, Document]:
    return {one["metadata"]["name"]: one for one in rendered(overlay) if one["kind"] == "PodDisruptionBudget"}
