"""Locks, fences against doing a thing twice, and what is written whole or not at all."""

from mutants.mutant import of

_AT_ONCE = "actions/test_two_at_once.py::"
_status = of("lock", "actions/change_status.py")
_locks = of("lock", "actions/locks.py")
_worker = of("fence", "wiring/work.py")
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
        '        jobs.configure_task("send_mail", priority=10).batch_defer(*arguments)',
        "        from concurrent.futures import ThreadPoolExecutor\n\n"
        "        with ThreadPoolExecutor(1) as apart:\n"
        '            task = jobs.configure_task("send_mail", priority=10)\n'
        "            apart.submit(task.batch_defer, *arguments).result()",
        "actions/test_status.py::test_mails_are_owed_from_the_commit_of_the_change",
    ),
]
