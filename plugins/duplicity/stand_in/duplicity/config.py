"""duplicity's settings as backends read them, each with duplicity's default; the worker sets what the person said."""

from typing import Any

num_retries = 5
backend_retry_delay = 30
timeout = 30
volsize = 200 * 1024 * 1024
mp_segment_size = 5 * 1024 * 1024 * 1024
copy_blocksize = 128 * 1024
fsencoding = "utf-8"
temproot: Any = None
copy_links = False
rename: dict[Any, Any] = {}
force: Any = None
put_fail_volume = 0
progress = False

are_errors_fatal: dict[str, tuple[bool, Any]] = {}
"""Before 3.2: operation → whether its failure is fatal, else what it returns instead. Backends write into it."""
fatal_errors_exit = False
"""yester's own: whether the end of all attempts is SystemExit, as before 3.2, or an exception."""

ftp_connection = "passive"
imap_full_address = False
imap_mailbox = "INBOX"
rsync_options = ""
ssh_options = ""
ssh_askpass = False
scp_command: Any = None
sftp_command: Any = None
ssl_cacert_file: Any = None
ssl_cacert_path: Any = None
ssl_no_check_certificate = False
webdav_headers = ""
webdav_proto = ""
par2_options = ""
par2_redundancy = 10
par2_volumes = 1
mf_purge = False
fakeroot: Any = None
idr_fakeroot: Any = None
cf_backend = "pyrax"
b2_hide_files = False
swift_storage_policy = ""
azure_blob_tier: Any = None
azure_max_block_size: Any = None
azure_max_connections: Any = None
azure_max_single_put_size: Any = None

s3_endpoint_url: Any = None
s3_european_buckets = False
s3_kms_grant: Any = None
s3_kms_key_id: Any = None
s3_multipart_chunk_size = 20 * 1024 * 1024
s3_multipart_max_procs = 4
s3_multipart_max_timeout: Any = None
s3_multipart_minimum_chunk_size = 5 * 1024 * 1024
s3_region_name: Any = None
s3_unencrypted_connection = False
s3_use_deep_archive = False
s3_use_glacier = False
s3_use_glacier_ir = False
s3_use_ia = False
s3_use_multiprocessing = False
s3_use_new_style = False
s3_use_onezone_ia = False
s3_use_rrs = False
s3_use_server_side_encryption = False
s3_use_server_side_kms_encryption = False
s3_use_sse = False
s3_use_sse_kms = False
