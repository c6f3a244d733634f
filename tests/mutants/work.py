"""Locks, fences against doing a thing twice, and what is written whole or not at all."""

from mutants.mutant import of

_AT_ONCE = "actions/test_two_at_once.py::"
_AWAY = "faults/test_database_away.py::"
_JOBS = "faults/test_jobs.py::"
_SLOW = "faults/test_slow_readers.py::"
_status = of("lock", "actions/change_status.py")
_locks = of("lock", "actions/locks.py")
_worker = of("fence", "wiring/work.py")
_queue = of("fence", "wiring/queue.py")
_import = of("whole", "actions/import_usage.py")

MUTANTS = [
    _locks.without(
        "a document is held while its status changes",
        "        for document in Document.objects.select_for_update()",
        "        for document in Document.objects",
        f"{_AT_ONCE}test_what_was_closed_meanwhile_is_not_voided",
    ),
    _locks.without(
        "a billing period is held while it is generated",
        "        BillingPeriod.objects.select_for_update()",
        "        BillingPeriod.objects",
        f"{_AT_ONCE}test_a_second_run_finds_what_the_first_has_made",
    ),
    _status.without(
        "a number series is held until its number is used",
        "            NumberSeries.objects.select_for_update().get(",
        "            NumberSeries.objects.get(",
        f"{_AT_ONCE}test_two_publications_take_a_number_each",
    ),
    of("lock", "actions/trail.py").without(
        "the chain of events is held while it grows",
        "Chain.objects.select_for_update().get(",
        "Chain.objects.get(",
        f"{_AT_ONCE}test_two_changes_are_two_links_of_one_chain",
    ),
    of("lock", "actions/staleness.py").without(
        "drafts are held while newer usage comes in",
        "        Document.objects.select_for_update()",
        "        Document.objects",
        f"{_AT_ONCE}test_newer_usage_waits_for_a_publication_and_is_refused",
    ),
    of("lock", "actions/people.py").without(
        "all owners are held while one is suspended",
        '        Membership.objects.select_for_update(of=("self",), no_key=True)',
        "        Membership.objects",
        f"{_AT_ONCE}test_of_two_owners_who_suspend_each_other_one_stays",
    ),
    of("lock", "records/migrations/0003_law.py").without(
        "a line waits for a publication that is under way",
        "    PERFORM 1 FROM records_document d\n"
        "    WHERE d.id IN (SELECT r.document_id FROM rows r) ORDER BY d.id FOR SHARE;\n",
        "",
        f"{_AT_ONCE}test_a_line_waits_for_a_publication_and_is_refused",
    ),
    of("lock", "wiring/work.py").without(
        "a job of a dead worker is taken up by one of many",
        "     FOR UPDATE SKIP LOCKED)",
        "     )",
        "wiring/test_work.py::test_sweepers_at_once_take_a_job_up_once",
    ),
    of("fence", "actions/change_status.py").without(
        "a stale tab changes nothing",
        "        if seen is not None and seen != document.version:",
        "        if False:",
        "actions/test_status.py::test_a_stale_tab_is_refused_with_who_changed_what",
    ),
    of("fence", "actions/own_lines.py").without(
        "a stale tab edits no draft",
        "    if expected is not None and expected != found.version:",
        "    if False:",
        "actions/test_custom_fields.py::test_a_stale_tab_and_an_unknown_document_are_refused",
    ),
    of("fence", "actions/change_status.py").without(
        "the same status again changes and sends nothing",
        "        if document.status == self.change.to:\n            return False\n",
        "",
        "actions/test_status.py::test_the_same_status_again_changes_and_sends_nothing",
    ),
    of("fence", "actions/send_mail.py").without(
        "a mail that was sent is not sent again",
        "        if delivery is None or delivery.state != Delivery.QUEUED:",
        "        if delivery is None:",
        "actions/test_send_mail.py::test_what_was_sent_is_not_sent_again",
    ),
    of("fence", "actions/mail_message.py").without(
        "a mail has the same Message-ID on every try",
        '        headers={"Message-ID": message_id(key, domain)},\n',
        "",
        "actions/test_send_mail.py::test_a_refusal_for_now_is_tried_again_under_the_same_id",
    ),
    of("fence", "actions/bulk.py").without(
        "a bulk job goes on behind what it has done",
        "            todo = _without_result(job, codes)",
        "            todo = list(codes)",
        "actions/test_bulk.py::test_what_was_done_before_a_kill_is_not_done_again",
    ),
    _worker.without(
        "a job of a living worker is left alone",
        "            AND worker.last_heartbeat >= now() - make_interval(secs => %(stalled)s))",
        "            AND worker.last_heartbeat > now() + make_interval(secs => %(stalled)s))",
        "wiring/test_work.py::test_a_job_of_a_living_worker_is_left_alone",
    ),
    _worker.without(
        "a job that kills its workers ends",
        "WHEN attempts + 1 >= coalesce(own, %(most)s)",
        "WHEN attempts < 0 AND coalesce(own, %(most)s) > 0",
        "wiring/test_work.py::test_a_job_that_kills_its_workers_ends_as_failed",
    ),
    of("fence", "jobs/tasks.py").without(
        "a job that always fails ends after five tries",
        "        if job.attempts + 1 >= self.attempts:",
        "        if job.attempts >= self.attempts:",
        "jobs/test_tasks.py::test_a_job_is_tried_as_often_as_said",
    ),
    _queue.without(
        "a worker ends what it still holds, no more",
        " AND attempts = %(attempts)s\n       AND (worker_id = %(worker)s OR worker_id IS NULL)",
        "",
        f"{_JOBS}test_a_frozen_worker_ends_nothing_of_its_successors",
    ),
    of("fence", "actions/send_mail.py").without(
        "only the last try says that a mail failed",
        '{"attempts": delivery.attempts}',
        "{}",
        f"{_JOBS}test_a_frozen_worker_ends_nothing_of_its_successors",
    ),
    _queue.without(
        "what a job defers is committed with its work",
        "        return connector\n",
        "        return super().get_sync_connector()\n",
        f"{_JOBS}test_what_a_job_defers_waits_for_its_commit",
    ),
    _queue.without(
        "the end of a job is written once the database is back",
        "if not isinstance(error.__cause__, psycopg.OperationalError):",
        "if error:",
        f"{_JOBS}test_an_end_that_could_not_be_written_is_written_later",
    ),
    _queue.without(
        "a stopped worker gives back what it holds",
        " WHERE worker_id = %(worker)s AND status = 'doing' RETURNING id",
        " WHERE worker_id = %(worker)s AND false RETURNING id",
        f"{_JOBS}test_a_stopped_worker_gives_back_what_it_cannot_finish",
    ),
    of("fence", "wiring/commands.py").without(
        "a stopped worker does not wait for what it gave back",
        "    if not working.run(concurrency=concurrency):",
        "    if working.run(concurrency=concurrency) is None:",
        f"{_JOBS}test_a_stopped_worker_gives_back_what_it_cannot_finish",
    ),
    _worker.without(
        "a worker that finishes its jobs says that it lives",
        "asyncio.create_task(_every(HEARTBEAT_SECONDS, held.beat))",
        "asyncio.create_task(asyncio.sleep(0))",
        f"{_JOBS}test_a_worker_that_finishes_its_jobs_keeps_them",
    ),
    _worker.without(
        "jobs of a dead worker are taken up",
        "    for job in await take_up_stalled_jobs(working):",
        "    for job in list[int]():",
        f"{_JOBS}test_each_job_is_done_once_though_workers_are_killed",
    ),
    _worker.without(
        "a worker begins anew where the database was away",
        "    while not stop.is_set():\n        try:\n",
        "    for _ in range(1):\n        try:\n",
        f"{_AWAY}test_web_and_worker_outlast_a_database_that_stops",
    ),
    of("fence", "wiring/errors.py").without(
        "a page says that the database is away",
        "    status = 503 if away else 500",
        "    status = 500",
        f"{_AWAY}test_web_and_worker_outlast_a_database_that_stops",
    ),
    of("whole", "wiring/embedded.py").without(
        "a commit is on disk before it is answered",
        '            "jit=off",\n',
        '            "jit=off",\n            "synchronous_commit=off",\n'
        '            "wal_writer_delay=10s",\n',
        f"{_AWAY}test_what_was_committed_outlives_a_killed_server_and_its_supervisor",
    ),
    of("fence", "actions/generate_documents.py").without(
        "a run that is cut off from the database blames no customer",
        "        except (OperationalError, InterfaceError):\n            raise",
        "        except ZeroDivisionError:\n            raise",
        f"{_JOBS}test_a_run_that_is_cut_off_from_the_database_is_tried_again",
    ),
    of("fence", "actions/mail_server.py").without(
        "a mail that went out while the database restarted is recorded",
        "        close_old_connections()",
        "        pass",
        f"{_AWAY}test_web_and_worker_outlast_a_database_that_stops",
    ),
    of("fence", "queries/people.py").without(
        "an invitation opens once",
        "reseller_id=reseller_id, accepted_at__isnull=True, revoked_at__isnull=True",
        "reseller_id=reseller_id, revoked_at__isnull=True",
        "actions/test_invitations.py::test_an_invitation_becomes_access_once",
    ),
    _import.without(
        "an import that dies leaves no file",
        "        if not recorded:\n            store.delete(key)\n",
        "",
        "actions/test_import.py::test_an_import_that_dies_before_its_commit_leaves_nothing",
    ),
    _import.without(
        "a file that a row names outlives an error after the commit",
        "        if not recorded:\n",
        "        if key:\n",
        "actions/test_import.py::test_a_file_that_a_row_names_outlives_an_error_after_the_commit",
    ),
    of("whole", "store/files.py").without(
        "a file is seen once it is whole",
        "            yield temporary\n            self._keep(temporary, place)\n        finally:\n",
        "            yield temporary\n        finally:\n            self._keep(temporary, place)\n",
        "store/test_files.py::test_a_writing_that_fails_leaves_nothing",
        "store/test_files.py::test_a_writing_that_fails_keeps_the_file_before",
    ),
    of("whole", "actions/notify.py").without(
        "a mail is deferred by the change's own transaction",
        '        defer_each(task, reseller_id, "delivery_id", [each for (each,) in made])',
        "        from concurrent.futures import ThreadPoolExecutor\n\n"
        "        ids = [each for (each,) in made]\n"
        "        with ThreadPoolExecutor(1) as apart:\n"
        '            apart.submit(defer_each, task, reseller_id, "delivery_id", ids).result()',
        "actions/test_status.py::test_mails_are_owed_from_the_commit_of_the_change",
    ),
    of("bound", "paper/downloads.py").without(
        "a slow reader holds no engine that sorts",
        "            file.writelines(written(rows))\n",
        "            yield from written(rows)\n",
        f"{_SLOW}test_slow_readers_hold_neither_the_others_nor_the_memory",
    ),
    of("bound", "wiring/middleware.py").without(
        "readers leave threads for pages",
        "        if not self.free.acquire(blocking=False):",
        "        if False:",
        f"{_SLOW}test_readers_who_are_gone_make_room_for_others",
    ),
    of("bound", "wiring/middleware.py").without(
        "a reader who is gone makes room",
        "            self._releases.pop()()",
        "            self._releases.pop()",
        f"{_SLOW}test_readers_who_are_gone_make_room_for_others",
    ),
    of("bound", "paper/downloads.py").without(
        "a draft's file waits for its turn",
        "        with _turn(), _computed(document) as rows:",
        "        with _computed(document) as rows:",
        f"{_SLOW}test_of_many_who_ask_at_once_some_are_asked_to_come_back",
    ),
]
