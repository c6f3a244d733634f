"""What an operator is promised when something goes wrong, and the tests that hold it.

Numbers are those of the list of faults that the product began with; attacks have none. A test is
named by file and function; all its cases count. `make reliability` runs them at length and writes
docs/reliability.md from what they print.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Promise:
    """One row of the page: what happens, what is promised, and `file::test` below tests/."""

    happens: str
    promised: str
    tests: tuple[str, ...]


FAULTS = (
    Promise(
        "kill -9 anywhere in an import, a generation, a publication",
        "Per customer all or nothing; the same command run again completes it, and nothing is"
        " there twice.",
        ("faults/test_kills.py::test_a_month_survives_a_kill_at_any_point",),
    ),
    Promise(
        "two generations of one period at once",
        "One draft each; the loser says so.",
        ("races/test_races.py::test_two_generations_of_one_period_make_one_draft_each",),
    ),
    Promise(
        "an import and a generation of its period at once",
        "The generation sees whole imports only.",
        (
            "races/test_races.py::test_a_delivery_against_a_generation_is_seen_whole_or_not_at_all",
            "races/test_races.py::"
            "test_a_delivery_against_a_publication_is_refused_or_marks_what_is_still_a_draft",
        ),
    ),
    Promise(
        "four publish the same drafts at once",
        "Each is numbered once, without a gap.",
        ("races/test_races.py::test_four_publishers_of_the_same_drafts_number_each_once",),
    ),
    Promise(
        "a line is written while its document is published",
        "It is refused; what is frozen is what is stored.",
        ("races/test_races.py::test_a_line_written_during_publication_is_refused",),
    ),
    Promise(
        "an account changes hands, or a draft is discarded, during a publication",
        "One of the two happens.",
        (
            "races/test_races.py::test_an_account_changes_hands_or_its_document_is_published",
            "races/test_races.py::test_a_draft_is_discarded_or_published_and_never_both",
        ),
    ),
    Promise(
        "a button is clicked twice",
        "One change, one event, one mail.",
        (
            "stories/test_two_tabs.py::test_a_double_click_on_accept_changes_once",
            "stories/test_two_tabs.py::"
            "test_of_two_tabs_that_accept_at_once_one_changes_the_document",
        ),
    ),
    Promise(
        "a tab that shows yesterday's state",
        "It is refused with who changed the document and when; nothing is overwritten.",
        ("stories/test_two_tabs.py::test_a_stale_tab_is_refused_and_overwrites_nothing",),
    ),
    Promise(
        "Void and Close at once",
        "One of them wins.",
        ("races/test_races.py::test_void_against_close_ends_in_one_of_them",),
    ),
    Promise(
        "a status that may not follow, by page, command or SQL",
        "It is refused by each.",
        (
            "law/test_documents.py::test_only_the_arrows_of_the_table_are_taken",
            "doors/test_pairs.py::test_pages_take_the_arrows_alone",
            "doors/test_pairs.py::test_commands_take_the_arrows_alone",
        ),
    ),
    Promise(
        "a published document is changed or removed by SQL",
        "The database refuses it, to the owner too.",
        (
            "law/test_documents.py::test_no_column_of_a_published_document_changes",
            "law/test_documents.py::test_no_column_of_a_published_line_changes",
            "law/test_documents.py::"
            "test_lines_are_neither_added_to_nor_taken_from_what_is_published",
            "law/test_documents.py::test_documents_are_never_deleted",
        ),
    ),
    Promise(
        "the mail server is down, refuses, or takes a mail for good or for bad",
        "The change stands; the mail is tried again or shown as failed with the reason.",
        (
            "actions/test_send_mail.py::test_a_server_that_is_down_delays_and_changes_nothing_else",
            "actions/test_send_mail.py::test_a_refusal_for_now_is_tried_again_under_the_same_id",
            "actions/test_send_mail.py::test_a_refusal_for_good_is_shown_as_failed",
            "actions/test_send_mail.py::test_what_was_sent_is_not_sent_again",
            "faults/test_mail_faults.py::test_the_change_stands_and_the_delivery_says_why",
            "faults/test_mail_faults.py::test_no_page_waits_for_a_mail_server_that_sleeps",
            "faults/test_mail_faults.py::test_tries_are_further_apart_each_time",
        ),
    ),
    Promise(
        "kill -9 between the mail server's 250 and our mark",
        "At most one mail more, under the same Message-ID.",
        (
            "faults/test_mail_faults.py::"
            "test_a_kill_between_the_250_and_the_mark_sends_once_more_at_most",
        ),
    ),
    Promise(
        "a change that is rolled back",
        "No mail goes out about it.",
        ("faults/test_mail_faults.py::test_a_change_that_is_rolled_back_owes_no_mail",),
    ),
    Promise(
        "a disk that is full, a writing that ends half-way",
        "What was there stays; no half file is seen; the job is done once there is room.",
        (
            "faults/test_storage.py::test_an_import_onto_a_full_disk_keeps_nothing_and_says_why",
            "faults/test_storage.py::test_an_export_onto_a_full_disk_leaves_no_file",
            "faults/test_storage.py::test_papers_that_found_no_room_are_stored_once_there_is_some",
            "faults/test_storage.py::test_a_disk_that_is_truly_full_keeps_no_import_either",
            "faults/test_storage.py::"
            "test_a_generation_without_room_for_its_lines_is_made_once_there_is_some",
            "faults/test_storage.py::test_a_zip_onto_a_full_disk_leaves_no_file",
            "store/test_files.py::test_a_writing_that_fails_leaves_nothing",
            "store/test_files.py::test_a_writing_that_fails_keeps_the_file_before",
            "usage/test_intake.py::test_an_import_that_dies_before_its_end_leaves_nothing",
        ),
    ),
    Promise(
        "a stored file changed on disk",
        "It is never served: it is made again to the recorded hash, or answered with an error.",
        (
            "actions/test_stored_files.py::test_a_damaged_pdf_is_made_again",
            "actions/test_stored_files.py::test_a_damaged_pdf_that_comes_out_otherwise_is_an_error",
            "actions/test_stored_files.py::test_rated_rows_of_something_else_are_computed_again",
            "actions/test_stored_files.py::test_a_damaged_import_is_named_before_it_is_read",
            "faults/test_storage.py::test_no_bit_of_a_stored_paper_changes_what_is_given_out",
            "faults/test_storage.py::test_no_bit_of_an_import_changes_a_detailed_csv",
        ),
    ),
    Promise(
        "the database is away",
        "Requests answer 503 and say when to try again; web and workers come back by themselves.",
        (
            "faults/test_database_away.py::test_web_and_worker_outlast_a_database_that_stops",
            "wiring/test_middleware.py::"
            "test_a_database_that_is_away_answers_503_with_a_time_to_try_again",
        ),
    ),
    Promise(
        "many read a large file slowly, or not at all, or go away in the middle",
        "Pages go on, memory stays, and whoever is gone makes room.",
        (
            "faults/test_slow_readers.py::test_slow_readers_hold_neither_the_others_nor_the_memory",
            "faults/test_slow_readers.py::test_readers_who_are_gone_make_room_for_others",
            "faults/test_slow_readers.py::test_of_many_who_ask_at_once_some_are_asked_to_come_back",
        ),
    ),
    Promise(
        "workers are killed",
        "Their jobs are taken up by others, each with its effect once; one that kills its workers"
        " ends as failed, and staff see it.",
        (
            "faults/test_jobs.py::test_each_job_is_done_once_though_workers_are_killed",
            "wiring/test_work.py::test_a_job_of_a_silent_worker_is_taken_up",
            "wiring/test_work.py::test_sweepers_at_once_take_a_job_up_once",
            "wiring/test_work.py::test_a_job_that_kills_its_workers_ends_as_failed",
            "actions/test_sweep_jobs.py::"
            "test_a_run_whose_worker_failed_for_good_ends_with_the_reason",
        ),
    ),
    Promise(
        "a worker is frozen beyond its lease, and goes on",
        "It ends nothing of who took its job up; the effect is there once.",
        ("faults/test_jobs.py::test_a_frozen_worker_ends_nothing_of_its_successors",),
    ),
    Promise(
        "a job that always fails",
        "It ends after its tries, and staff see it.",
        ("faults/test_jobs.py::test_what_always_fails_ends_after_its_tries_and_is_shown_to_staff",),
    ),
    Promise(
        "a worker is told to stop",
        "It finishes what is short and gives the rest back at once.",
        (
            "faults/test_jobs.py::test_a_stopped_worker_gives_back_what_it_cannot_finish",
            "faults/test_jobs.py::test_a_worker_that_finishes_its_jobs_keeps_them",
        ),
    ),
    Promise(
        "the server of the database, or who started it, is killed",
        "The next start recovers it, with all that was committed.",
        (
            "faults/test_database_away.py::"
            "test_what_was_committed_outlives_a_killed_server_and_its_supervisor",
            "wiring/test_embedded.py::test_a_killed_server_and_user_are_recovered_from",
            "wiring/test_embedded.py::test_a_killed_user_leaves_a_server_that_the_next_one_stops",
        ),
    ),
    Promise(
        "midnight in any time zone, leap days, hours that daylight saving moves",
        "The reseller's own calendar decides; missed days are caught up once.",
        (
            "faults/test_moved_clock.py::test_thirty_days_are_thirty_of_the_resellers_own",
            "actions/test_past_due.py::test_the_resellers_own_midnight_decides",
            "actions/test_past_due.py::test_missed_days_are_caught_up_once_as_system_without_mail",
        ),
    ),
    Promise(
        "the same usage comes twice, under whatever name",
        "Nothing changes.",
        ("actions/test_import.py::test_the_same_rows_under_another_name_and_order_change_nothing",),
    ),
    Promise(
        "a corrected delivery",
        "It replaces what is unbilled, marks drafts, and leaves what is published.",
        (
            "actions/test_import.py::test_another_delivery_replaces_what_is_unbilled",
            "actions/test_import.py::test_drafts_that_a_delivery_touches_are_stale",
            "actions/test_import.py::test_what_a_published_document_bills_is_not_replaced",
        ),
    ),
    Promise(
        "a file that is cut, damaged, a bomb, or no usage file at all",
        "It is refused whole with file, line and column; or its sums are equal.",
        (
            "usage/test_damage.py::test_a_damaged_file_is_refused_or_taken_with_equal_sums",
            "usage/test_damage.py::test_a_file_whose_middle_is_gone_is_refused_or_adds_up",
            "usage/test_refusals.py::test_a_file_cut_anywhere_but_between_rows_is_refused",
            "usage/test_refusals.py::test_a_compressed_file_with_a_flipped_byte_is_refused",
            "usage/test_refusals.py::test_a_bomb_is_refused_by_the_bytes_that_come_out",
            "usage/test_refusals.py::test_an_endless_field_is_refused_with_its_line",
            "usage/test_refusals.py::test_a_million_columns_are_refused",
            "faults/test_input_bounds.py::test_a_file_cut_at_any_byte_is_refused_or_is_whole_rows",
            "faults/test_input_bounds.py::test_what_is_too_large_is_refused_within_the_memory",
            "faults/test_input_bounds.py::"
            "test_a_bomb_is_refused_within_the_memory_by_what_comes_out",
            "faults/test_input_bounds.py::test_a_parquet_bomb_is_refused_within_the_memory",
            "faults/test_input_bounds.py::"
            "test_one_wrong_cell_behind_many_rows_is_named_within_the_memory",
            "faults/test_input_bounds.py::test_a_byte_order_mark_changes_no_sum",
        ),
    ),
    Promise(
        "many lines of fractions of a cent",
        "They add up to the total by the documented rule, in any order.",
        (
            "rules/test_money.py::test_shown_amounts_add_up_to_the_sum_rounded_once",
            "rules/test_money.py::test_the_order_of_lines_does_not_change_what_they_show",
            "usage/test_rating.py::test_engine_and_law_agree_on_random_rows_and_rules",
        ),
    ),
    Promise(
        "rows of the trail, of documents or of files are changed behind our back",
        "`clearbill verify` names the first that does not fit.",
        (
            "queries/test_verify.py::test_a_corruption_is_named_by_its_invariant",
            "queries/test_verify.py::test_a_flipped_byte_in_a_stored_file_is_found",
        ),
    ),
)

ATTACKS = (
    Promise(
        "another reseller's rows, by any address, any role, or past our own queries",
        "They are not found; the database does not show them either.",
        (
            "doors/test_access_matrix.py::test_a_stranger_sees_nothing_of_another_reseller",
            "doors/test_access_matrix.py::test_ids_of_another_reseller_are_not_found_at_ones_own",
            "law/test_tenancy.py::test_another_reseller_sees_and_writes_nothing",
            "doors/test_first_wall.py::"
            "test_no_page_needs_the_policies_to_find_no_row_of_another_reseller",
        ),
    ),
    Promise(
        "cost or margin in what a customer gets",
        "None of it, in page, file or mail.",
        (
            "doors/test_access_matrix.py::test_no_cost_reaches_the_customer",
            "doors/test_access_matrix.py::test_no_cost_reaches_sales",
        ),
    ),
    Promise(
        "script, template and formula texts in every field",
        "They are shown as text on every page, in PDF, CSV and mail.",
        (
            "stories/test_hostile_text.py::test_no_page_of_a_door_runs_a_payload",
            "doors/test_hostile_text.py::test_no_cell_of_any_csv_would_run",
            "doors/test_hostile_text.py::test_every_pdf_prints_payloads_as_text",
            "doors/test_hostile_text.py::test_a_template_runs_nothing",
            "doors/test_hostile_text.py::test_mails_have_one_recipient_and_headers_of_one_line",
        ),
    ),
    Promise(
        "guessing addresses, and reset links used again",
        "Known and unknown addresses get the same answer; a link opens once.",
        (
            "stories/test_access.py::test_a_reset_answers_the_same_to_an_address_that_nobody_has",
            "stories/test_access.py::test_a_reset_link_opens_nothing_a_second_time",
        ),
    ),
    Promise(
        "passwords tried at two servers by turns",
        "They are counted together.",
        ("faults/test_limits_shared.py::test_tries_spread_over_two_servers_are_counted_together",),
    ),
    Promise(
        "a foreign host name in a request",
        "No page answers to it, so no link in a mail is built from it.",
        ("wiring/test_middleware.py::test_pages_are_refused_under_a_foreign_host_name",),
    ),
    Promise(
        "secrets in settings and forms",
        "No log has one, and an answer to an error shows its number alone.",
        ("faults/test_secrets.py::test_no_log_has_a_secret_and_an_error_shows_its_number_alone",),
    ),
    Promise(
        "a suspended person, or one who may only look",
        "Out at the next request; nothing is written.",
        (
            "stories/test_access.py::"
            "test_a_suspended_portal_user_is_out_at_the_next_request_and_in_again_later",
            "portal/test_view_as.py::test_who_looks_as_a_customer_writes_nothing",
        ),
    ),
    Promise(
        "files that are too large, or pictures that are bombs",
        "They are refused by what they hold.",
        (
            "actions/test_ticket_file.py::test_a_larger_file_is_refused",
            "paper/test_logo_limit.py::test_a_picture_beyond_four_thousand_pixels_is_refused",
            "actions/test_branding.py::test_what_is_no_small_whole_picture_is_refused",
            "actions/test_branding.py::test_a_damaged_picture_is_refused_or_read_and_nothing_else",
        ),
    ),
)
