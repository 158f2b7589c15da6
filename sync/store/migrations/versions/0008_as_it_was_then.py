"""Results are read against the interface of their time."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Forward. Every interface that was kept was in force from when it was seen; results were read by the newest."""
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "interface_periods",
        sa.Column("id", key, autoincrement=True, nullable=False),
        sa.Column("project", key, nullable=False),
        sa.Column("interface", key, nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "since",
            sa.BigInteger(),
            nullable=False,
            comment="the newest change when it was seen, by Label Studio's clock: all later ones were made with it",
        ),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name=op.f("fk_interface_periods_project_projects")),
        sa.ForeignKeyConstraint(
            ["interface"], ["interfaces.id"], name=op.f("fk_interface_periods_interface_interfaces")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interface_periods")),
        comment="Which labeling interface a project had, the first one from the beginning on.",
    )
    op.create_index(op.f("ix_interface_periods_project"), "interface_periods", ["project"])
    op.add_column(
        "annotation_versions",
        sa.Column("interface", key, nullable=True, comment="what it was read against: interfaces.id; null: by none"),
    )
    if op.get_bind().dialect.name == "postgresql":
        # An index there takes 8 kB at most, and an answer may be longer: a text, a hundred outlines.
        op.drop_constraint(op.f("uq_codes_project_control_answer"), "codes")
        op.execute("CREATE UNIQUE INDEX uq_codes_project_control_md5 ON codes (project, control, md5(answer))")
    op.execute(
        "INSERT INTO interface_periods (project, interface, seen_at, since) "
        "SELECT project, id, seen_at, CASE WHEN id = (SELECT MIN(i.id) FROM interfaces i WHERE i.project = "
        "interfaces.project) THEN 0 ELSE seen_at END FROM interfaces ORDER BY id"
    )
    op.execute(
        "UPDATE annotation_versions SET interface = (SELECT MAX(interfaces.id) FROM interfaces "
        "JOIN projects ON projects.id = interfaces.project AND projects.label_config = interfaces.label_config "
        "JOIN tasks ON tasks.project = projects.id JOIN annotations ON annotations.task = tasks.id "
        "WHERE annotations.id = annotation_versions.annotation AND projects.kind = 'source')"
    )
