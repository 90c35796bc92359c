# The sagas of a customer's life, and the name of the constraint that a user has one membership.

import billing.kernel.ids
import billing.kernel.states
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ('billing', '0007_closed_accounts'),
        ('customers', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='CustomerCreation',
            fields=[
                (
                    'id',
                    models.UUIDField(
                        default=billing.kernel.ids.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ('user_id', models.UUIDField()),
                ('account_id', models.UUIDField(default=billing.kernel.ids.uuid7, unique=True)),
                (
                    'status',
                    models.CharField(
                        choices=[
                            ('OPEN', 'Open'),
                            ('LINKED', 'Linked'),
                            ('DONE', 'Done'),
                            ('ABANDONED', 'Abandoned'),
                            ('UNDONE', 'Undone'),
                        ],
                        default='OPEN',
                        max_length=16,
                    ),
                ),
                ('asked', models.JSONField(default=dict)),
                ('wanted', models.JSONField(default=dict)),
                ('stripe_customer_id', models.CharField(blank=True, max_length=255)),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('failure', models.CharField(blank=True, max_length=2000)),
                ('due_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField()),
            ],
            bases=(billing.kernel.states.StateMachine, models.Model),
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(('status__in', ['OPEN', 'LINKED'])),
                        fields=('user_id',),
                        name='creation_one_open_per_user',
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(('due_at__isnull', True), ('status__in', ['DONE', 'UNDONE'])),
                            models.Q(
                                ('due_at__isnull', False),
                                ('status__in', ['OPEN', 'LINKED', 'ABANDONED']),
                            ),
                            _connector='OR',
                        ),
                        name='creation_due_while_unsettled',
                    ),
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(('due_at__isnull', False)),
                        fields=['due_at'],
                        name='creation_due',
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name='CustomerDeletion',
            fields=[
                (
                    'account',
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name='+',
                        serialize=False,
                        to='billing.account',
                    ),
                ),
                (
                    'status',
                    models.CharField(
                        choices=[
                            ('REQUESTED', 'Requested'),
                            ('AWAITING', 'Awaiting'),
                            ('ERASING', 'Erasing'),
                            ('PARKED', 'Parked'),
                            ('DONE', 'Done'),
                        ],
                        default='REQUESTED',
                        max_length=16,
                    ),
                ),
                ('stripe_customer_ids', models.JSONField(default=list)),
                ('progress', models.JSONField(default=dict)),
                ('key', models.CharField(blank=True, max_length=64)),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('failure', models.CharField(blank=True, max_length=2000)),
                ('due_at', models.DateTimeField(blank=True, null=True)),
                ('requested_at', models.DateTimeField()),
                ('done_at', models.DateTimeField(blank=True, null=True)),
            ],
            bases=(billing.kernel.states.StateMachine, models.Model),
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ('done_at__isnull', False),
                                ('due_at__isnull', True),
                                ('key', ''),
                                ('status', 'DONE'),
                            ),
                            models.Q(
                                models.Q(('status', 'DONE'), _negated=True),
                                ('done_at__isnull', True),
                            ),
                            _connector='OR',
                        ),
                        name='deletion_done_forgets_its_key',
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(('due_at__isnull', True), ('status__in', ['PARKED', 'DONE'])),
                            models.Q(
                                models.Q(('status__in', ['PARKED', 'DONE']), _negated=True),
                                ('due_at__isnull', False),
                            ),
                            _connector='OR',
                        ),
                        name='deletion_due_unless_it_rests',
                    ),
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(('due_at__isnull', False)),
                        fields=['due_at'],
                        name='deletion_due',
                    )
                ],
            },
        ),
        migrations.AlterField(
            model_name='membership',
            name='user_id',
            field=models.UUIDField(),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.UniqueConstraint(
                fields=('user_id',), name='membership_once_per_user'
            ),
        ),
    ]
