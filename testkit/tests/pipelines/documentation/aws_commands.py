"""Says of each line `SERVICE OPERATION [--OPTION ...]` of standard input what of it the AWS CLI does not know."""

import sys

from awscli.clidriver import create_clidriver

driver = create_clidriver()
services = driver._get_command_table()
common = {"--query", "--output", "--region", "--profile"}
for line in sys.stdin.read().splitlines():
    service, operation, *options = line.split()
    command = services.get(service)
    table = {}
    if command is not None:
        table = getattr(command, "subcommand_table", None) or command._get_command_table()
    if operation not in table:
        print(f"there is no aws {service} {operation}")
        continue
    known = {f"--{name}" for name in table[operation].arg_table} | common
    for option in options:
        if option not in known:
            print(f"aws {service} {operation} has no {option}")
